// Now: first one sentence on the money, then how it goes, then the payments as they come.

import { h, keep, say, show, tell } from "./dom.js";
import { address } from "./address.js";
import { live, now as clock, refreshFaults, watch } from "./live.js";
import { changeLine, line } from "./rows.js";
import { legend, lines, spark } from "./plot.js";
import { lang, t, w } from "./text.js";
import { age, BELIEF, clock as hour, count, lasting, money, moneyless, mood, wrong } from "./words.js";
import { act } from "./act.js";

/** Lines of the list. */
const SHOWN = 14;

/** That something could not be read, why, and that it is tried again. */
export const unread = (error) => [t("could not be read: {why}", { why: error.message }), w("it is tried again")].join(lang() === "zh" ? "；" : "; ");

const proven = (row) => row.class !== "under_way";

/** The sentence: what is not proven, or that all is. */
function sentence() {
  const said = standing();
  const old = moneyAge();
  if (live.openMoney && old > STALE) {
    return { ...said, tone: said.open ? said.tone : "none", sign: said.open ? said.sign : "\u2026", text: t("as of {t}: {said}", { t: hour(live.moneyAt), said: said.text }),
      more: t("the journal is read {t} behind; more may be open by now", { t: lasting(old) }) };
  }
  return said;
}

/** How old what is said of the money may be before it is said, in milliseconds. */
const STALE = 10000;

const moneyAge = () => {
  if (live.unread.figures && live.openMoney) return Math.max(STALE + 1, live.moneyAt ? age(live.moneyAt, clock()) : 0);
  return live.moneyAt ? age(live.moneyAt, clock()) : 0;
};

function standing() {
  if (!live.openMoney && live.unread.figures) return { tone: "none", sign: "!", text: t("how the money stands could not be read"), more: unread(live.unread.figures) };
  if (!live.openMoney) return { tone: "none", sign: "\u2026", text: t("reading the journal…"), more: "" };
  const rows = live.openMoney.filter(proven);
  const open = rows.reduce((sum, row) => sum + row.count, 0);
  const moving = live.openMoney.filter((row) => !proven(row)).reduce((sum, row) => sum + row.count, 0);
  if (!open) {
    return { tone: "good", sign: "\u2713", text: t("every payment is accounted for"),
      more: [t("each one was approved, declined or given back, and both ends agree"), moving && w("{n} under way", { n: count(moving) })].filter(Boolean).join(lang() === "zh" ? "；" : "; ") };
  }
  const sums = new Map();
  for (const row of rows) sums.set(row.currency, (sums.get(row.currency) || 0) + row.amount);
  const amount = [...sums].map(([currency, sum]) => money(sum, currency)).join(" + ");
  const oldest = rows.map((row) => row.oldest_at).filter(Boolean).sort()[0];
  const text = t(open === 1 ? "one payment is unproven: {sum}" : "{n} payments are unproven: {sum}", { n: count(open), sum: amount });
  const more = t("nobody can say yet whether this money was taken");
  const since = oldest ? w("the oldest has waited {t}", { t: lasting(age(oldest, clock())) }) : "";
  return { tone: "bad", sign: "?", text, more: [more, since].filter(Boolean).join(lang() === "zh" ? "；" : "; "), open };
}

function hero() {
  const sign = h("span", { class: "sign", "aria-hidden": "true" });
  const text = h("h1", {});
  const more = h("p", { class: "lead" });
  const see = h("a", { class: "button", href: address("open") }, t("see them"));
  const node = h("section", { class: "hero" }, sign, h("div", {}, text, more), see);
  const update = () => {
    const said = sentence();
    node.dataset.tone = said.tone;
    say(sign, said.sign);
    say(text, said.text);
    say(more, said.more);
    see.hidden = !said.open;
  };
  return { node, update };
}

/** The way of a payment, for whoever has never seen one. */
function way() {
  const known = () => { try { return localStorage.getItem("isogate-way") === "known"; } catch { return false; } };
  const node = h("section", { class: "way", hidden: known() },
    h("ol", {}, ["terminal", "gateway", "acquirer"].map((party) =>
      h("li", {}, h("b", {}, t(party)), h("span", {}, w(`what a ${party} is`))))),
    h("p", {}, t("how a payment goes"), " ", h("button", { class: "plain", type: "button", onclick: () => {
      node.hidden = true;
      try { localStorage.setItem("isogate-way", "known"); } catch { /* shown again */ }
    } }, t("got it"))));
  return node;
}

const per = (point, value) => value / (live.step || 1) || 0;

/** One figure: a name, its value, what stands below it, and a line of how it went. */
function figure(name, value, below, series) {
  const big = h("dd", { class: "big" });
  const small = h("dd", { class: "below" });
  const drawn = series ? spark(t(name), series) : null;
  const node = h("div", { class: "figure" }, h("dt", {}, t(name)), big, small, drawn && h("dd", { class: "drawn" }, drawn.node));
  const update = () => {
    say(big, value());
    say(small, below());
    if (drawn) drawn.update(live.points);
  };
  return { node, update };
}

/** The sum of the last points. */
function last(key, points = 10) {
  return live.points.slice(-points).reduce((sum, point) => sum + (point[key] || 0), 0);
}
const lastPoint = () => live.points[live.points.length - 1] || {};
const micros = (us) => (us === undefined || us === null ? "–" : lasting(us / 1000));

/** The newest point in which a figure has a value. */
function newest(key) {
  for (let i = live.points.length - 1; i >= Math.max(0, live.points.length - 15); i -= 1) if (live.points[i][key]) return live.points[i][key];
  return undefined;
}

function share() {
  const approved = last("approved", 60), all = approved + last("declined", 60) + last("timeouts", 60);
  return all ? `${((approved * 100) / all).toFixed(all < 1000 ? 0 : 1)} %` : "–";
}

function figures() {
  const seconds = () => Math.min(live.points.length, 10) * live.step || 1;
  const list = [
    figure("payments a second", () => (last("requests") / seconds()).toFixed(1), () => t("{n} under way", { n: count(lastPoint().in_flight ?? (live.state || {}).in_flight ?? 0) }), (p) => per(p, p.requests)),
    figure("approved of the last minute", share, () => t("{n} declined, {m} unanswered", { n: count(last("declined", 60)), m: count(last("timeouts", 60)) }), (p) => p.approved),
    figure("answer within (half of them)", () => micros(newest("p50_us")), () => t("99 of 100 within {t}", { t: micros(newest("p99_us")) }), (p) => p.p99_us),
    figure("reversals in the last minute", () => count(last("reversals", 60)), () => t("{n} late answers", { n: count(last("late", 60)) }), (p) => p.reversals),
    figure("journal on disk within", () => micros(newest("sync_us")), disk, (p) => p.sync_us),
  ];
  return { node: h("dl", { class: "figures" }, list.map((one) => one.node)), update: () => list.forEach((one) => one.update()) };
}

function disk() {
  const { disk: is } = live.state || {};
  if (!is) return "";
  return t(is === "well" ? "disk ok" : "disk low");
}

/** Since when this page knows of payments. */
function since() {
  const began = [...live.latest.values()].map((item) => item.began).filter(Boolean).sort()[0];
  return hour(began || new Date(clock()).toISOString());
}

/** The payments as they come; those that went wrong first, since they are what people look for. */
function payments(values) {
  const list = h("ol", { class: "lines", "aria-label": t("payments") });
  const none = h("p", { class: "empty" });
  let all = values.show === "all";
  const pick = (which) => { all = which; buttons(); update(); };
  const choice = h("div", { class: "switch", role: "group", "aria-label": t("which payments") });
  const buttons = () => show(choice, [[false, "went wrong"], [true, "all payments"]].map(([which, name]) =>
    h("button", { type: "button", "aria-pressed": String(all === which), onclick: () => pick(which) }, t(name))));
  const update = () => {
    const from = all ? live.latest : live.wrong;
    const items = [...from.values()].filter((item) => (all ? !moneyless(item) : wrong(item) && mood(item).word !== "under way"));
    const newestFirst = items.sort((a, b) => (a.tx < b.tx ? 1 : -1)).slice(0, SHOWN);
    if (!list.matches(":hover, :focus-within")) keep(list, newestFirst, (item) => item.tx, line, changeLine);
    none.hidden = newestFirst.length > 0;
    say(none, live.unread.payments ? unread(live.unread.payments) : all ? t("no payment has come in yet") : t("nothing has gone wrong since {t}", { t: since() }));
  };
  buttons();
  const node = h("section", { class: "payments-now" },
    h("div", { class: "head" }, h("h2", {}, t("payments as they come")), choice),
    h("p", { class: "legend small soft" }, t("the three signs: what terminal, gateway and acquirer believe"), " ",
      ["approved", "reversed", "failed", "unknown", "waiting", "nothing"].flatMap((is) => [h("span", { class: "nowrap" }, `${BELIEF[is][1]} ${w(`belief ${is}`)}`), "  "])),
    h("div", { class: "paper" }, list, none));
  return { node, update };
}

function openMoney() {
  const body = h("tbody", {});
  const node = h("section", { class: "side-part" }, h("h2", {}, t("open money by reason")),
    h("table", {}, h("thead", { class: "unseen" }, h("tr", {}, ["reason", "payments", "amount"].map((n) => h("th", {}, t(n))))), body));
  const update = () => {
    const rows = (live.openMoney || []).filter((row) => proven(row) && row.count);
    node.hidden = !rows.length;
    keep(body, rows, (row) => row.class + row.currency, (row) => {
      const tr = h("tr", {}, h("td", {}, h("a", { href: address("open", { class: row.class }) }, t(`class ${row.class}`)), h("div", { class: "soft small" })),
        h("td", { class: "number" }), h("td", { class: "number" }));
      tr.update = (is) => {
        say(tr.children[0].lastElementChild, is.oldest_at ? w("since {t}", { t: lasting(age(is.oldest_at, clock())) }) : "");
        say(tr.children[1], count(is.count));
        say(tr.children[2], money(is.amount, is.currency));
      };
      tr.update(row);
      return tr;
    }, (tr, row) => tr.update(row));
  };
  return { node, update };
}

const LINK = { up: ["good", "\u2713"], ready: ["good", "\u2713"], down: ["bad", "\u2715"] };

function connections() {
  const list = h("ul", { class: "plain-list" });
  const node = h("section", { class: "side-part" }, h("h2", {}, t("connections")), list);
  const update = () => {
    const state = live.state || {};
    const links = (state.links || []).map((link) => ({ ...link, far: true }));
    const listeners = (state.listeners || []).map((l) => ({ name: l.name || l.address, spec: l.spec, address: l.address }));
    keep(list, [...listeners, ...links], (one) => `${one.far}${one.name}`, (one) => {
      const li = h("li", {}, h("span", { class: "mood" }), h("span", { class: "grow" }, h("bdi", {}, one.name), h("span", { class: "soft small" })));
      li.update = (is) => {
        const ups = (is.connections || []).filter((c) => LINK[c.state] && LINK[c.state][0] === "good").length;
        const name = is.far ? (LINK[is.state] ? is.state : ups ? "up" : is.state || "down") : "up";
        const [tone, sign] = LINK[name] || ["wait", "\u2026"];
        li.firstChild.className = `mood ${tone}`;
        li.firstChild.dataset.sign = sign;
        say(li.firstChild, is.far ? t(`link ${name}`) : t("listens"));
        const told = is.far ? w("to the acquirer, {n} of {m}", { n: ups, m: (is.connections || []).length }) : w("for terminals");
        say(li.lastChild.lastChild, ` · ${told} · ${is.spec || ""}`);
      };
      li.update(one);
      return li;
    }, (li, one) => li.update(one));
  };
  return { node, update };
}

function activeFaults() {
  const list = h("ul", { class: "plain-list" });
  const heal = h("button", { type: "button", onclick: async () => {
    if (await act("/api/faults/reset", {}, t("all faults are switched off"))) refreshFaults();
  } }, t("heal everything"));
  const node = h("section", { class: "side-part" }, h("div", { class: "head" }, h("h2", {}, t("what is made to go wrong")), h("div", { class: "buttons" }, heal)), list,
    h("p", { class: "small" }, h("a", { href: address("faults") }, t("break something"))));
  const failed = h("p", { class: "small soft" });
  node.insertBefore(failed, list);
  const update = () => {
    failed.hidden = !live.unread.faults;
    if (live.unread.faults) say(failed, unread(live.unread.faults));
    heal.hidden = !live.faults.length && !live.unread.faults;
    keep(list, live.faults, (one) => one.id, (one) => {
      const li = h("li", {}, h("span", { class: "mono" }, one.fault.split(":")[0]), h("span", { class: "grow" }, lang() === "zh" ? one.title_zh : one.title), h("span", { class: "soft small number" }));
      li.update = (is) => say(li.lastChild, w("struck {n} of {m}", { n: count(is.struck), m: count(is.concerned) }));
      li.update(one);
      return li;
    }, (li, one) => li.update(one));
  };
  return { node, update };
}

function plots() {
  const series = [
    { name: t("half"), tone: "p1", value: (p) => (p.p50_us ? p.p50_us / 1000 : null) },
    { name: t("95 of 100"), tone: "p2", value: (p) => (p.p95_us ? p.p95_us / 1000 : null) },
    { name: t("99 of 100"), tone: "p3", value: (p) => (p.p99_us ? p.p99_us / 1000 : null) },
  ];
  const outcome = [
    { name: t("approved"), tone: "p1", value: (p) => per(p, p.approved) },
    { name: t("declined"), tone: "p2", value: (p) => per(p, p.declined) },
    { name: t("reversals"), tone: "p3", value: (p) => per(p, p.reversals) },
  ];
  const at = (point) => hour(point.at);
  const time = lines({ label: t("time to answer"), series, at, unit: (ms) => (ms ? lasting(ms) : "0") });
  const rate = lines({ label: t("answers a second"), series: outcome, at, unit: (n) => (n >= 10 || n === 0 ? count(n) : n.toFixed(1)) });
  const key = (all) => h("p", { class: "keys" }, legend(all, (name, tone) => h("span", { class: `key ${tone}` }, name)));
  const node = h("section", { class: "part plots" },
    h("figure", {}, h("h2", {}, t("time to answer")), key(series), time.node),
    h("figure", {}, h("h2", {}, t("answers a second")), key(outcome), rate.node));
  return { node, update: () => { time.update(live.points); rate.update(live.points); } };
}

export function now(root, values) {
  const parts = [hero(), { node: way(), update: () => {} }, figures(), payments(values), openMoney(), activeFaults(), connections(), plots()];
  const [first, second, strip, list, money_, faults, links, drawn] = parts;
  show(root, first.node, second.node, strip.node,
    h("div", { class: "columns" }, list.node, h("aside", { "aria-label": t("state") }, money_.node, faults.node, links.node)), drawn.node);
  const update = () => parts.forEach((part) => part.update());
  update();
  return watch(update);
}
