// One payment: the verdict, the three beliefs, the ladder, and each message field by field.

import { get, query, save } from "./api.js";
import { address, amend } from "./address.js";
import { h, put, show } from "./dom.js";
import { complain, plainly, reversalButtons } from "./act.js";
import { comparison, message } from "./message.js";
import { ladder, loading, mark } from "./ladder.js";
import { live, watch } from "./live.js";
import { moodSign, nextStep, verdict } from "./rows.js";
import { lang, t, w } from "./text.js";
import { BELIEF, kind, moment, money, moneyless } from "./words.js";

const RETRY = { yes: ["good", "\u2713"], no: ["bad", "\u2715"], unproven: ["wait", "?"] };

function believes(item) {
  return h("ol", { class: "beliefs", "aria-label": t("what each party believes") }, ["terminal", "gateway", "acquirer"].map((party) => {
    const { is, basis } = item.beliefs[party];
    const [tone, sign] = BELIEF[is] || BELIEF.unknown;
    return h("li", {}, h("span", { class: "soft small" }, t(`${party} believes`)), h("span", { class: `mood ${tone}`, "data-sign": sign }, t(`belief ${is}`)),
      h("span", { class: "soft small" }, t(`basis ${basis}`)));
  }));
}

/** The names of causes, in words. */
const said = new Map();
async function learnCauses() {
  if (said.size) return;
  for (const cause of (await get("/api/causes")).items) said.set(cause.cause, cause);
}

function cause(name) {
  const known = said.get(name) || {};
  const text = (lang() === "zh" && known.text_zh) || known.text;
  return text ? `${name}: ${text}` : name;
}

function keys(item) {
  const causes = new Set([item.cause, ...(item.causes || [])].filter(Boolean));
  const pairs = [["terminal", item.terminal], ["merchant", item.merchant], ["STAN", item.stan], ["RRN", item.rrn], ["authorization code", item.auth],
    ["card", item.card], ["batch", item.batch], ["response code", item.code], ["began", moment(item.began)], ["state", item.state],
    ["cause", [...causes].map(cause).join("; ")], ["evidence", t(`evidence ${item.evidence}`)], ["id", item.tx]];
  return h("dl", { class: "pairs" }, pairs.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, t(name)), h("dd", { class: name === "id" || name === "state" ? "mono" : "" }, h("bdi", {}, value))]));
}

function top(item, again) {
  const [tone, sign] = RETRY[item.safe_to_retry] || RETRY.unproven;
  const money_ = !moneyless(item);
  // A void or refund that may be tried again says nothing of the payment that it undoes.
  const deed = item.safe_to_retry === "yes" && /void|refund|completion/.test(item.kind || "");
  return h("section", { class: "verdict" },
    h("p", { class: "soft" }, kind(item.kind), money_ ? [" · ", h("b", { class: "number ink" }, money(item.amount, item.currency))] : null, ` · ${w("terminal")} `, h("bdi", {}, item.terminal), ` · ${moment(item.began)}`),
    h("h1", {}, verdict(item)),
    h("div", { class: "verdict-row" }, moodSign(item),
      item.class && item.class !== "U4" ? h("span", { class: "soft" }, h("span", { class: "class" }, item.class), " ", t(`class ${item.class}`)) : null),
    h("p", { class: "next" }, h("b", {}, t("what to do")), " ", nextStep(item)),
    money_ ? h("p", { class: "next" }, h("b", {}, t("safe to pay again?")), " ", h("span", { class: `mood ${tone}`, "data-sign": sign }, t(`retry ${item.safe_to_retry}${deed ? " deed" : ""}`))) : null,
    item.open ? reversalButtons(item, again) : null);
}

/** The messages in words, for whoever cannot see the ladder, and to be copied. */
function list(item, pick) {
  return h("details", { class: "steps" }, h("summary", {}, t("the same as a list")),
    h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t("messages") }, h("table", {}, h("thead", {}, h("tr", {}, ["time", "way", "type", "code", "note"].map((n) => h("th", { scope: "col" }, t(n))))),
      h("tbody", {}, item.messages.map((m, i) => h("tr", {}, h("td", { class: "number" }, m.at.slice(11, 26)), h("td", { class: "nowrap" }, t(`way ${m.dir}`)),
        h("td", {}, h("button", { type: "button", class: "plain mono", onclick: () => pick(m.index ?? i) }, m.mti)), h("td", { class: "mono" }, m.code || ""), h("td", {}, m.note)))))));
}

const short = (item, index) => {
  const m = item.messages.find((one, i) => (one.index ?? i) === index);
  return m ? `${m.mti} ${m.dir.replace(">", " → ")}` : String(index);
};

export function transaction(root, values, signal) {
  const { tx } = values;
  const id = encodeURIComponent(tx || "");
  let index = values.m === undefined ? null : Number(values.m);
  let other = values.with === undefined ? null : Number(values.with);
  let side = values.side === "1";
  let item = null, drawing = null, seen = "";
  const head = h("div", {}, h("p", { class: "busy" }, t("reading the journal…")));
  const picture = h("div", { class: "ladder-place" }, loading());
  const pane = h("section", { class: "part", id: "message", "aria-label": t("message"), tabindex: "-1" });
  const foot = h("div", {});
  const body = h("div", {});
  show(root, head, body);
  const keepAddress = () => amend("transaction", { tx, m: index, with: other, side: side ? "1" : null });

  const readMessage = (at) => get(`/api/transactions/${id}/messages/${at}`, signal);
  const drawMessage = async (jump) => {
    if (drawing) mark(drawing, [index, other].filter((i) => i !== null));
    if (index === null) { show(pane); return; }
    try {
      const told = await Promise.all([readMessage(index), other === null ? null : readMessage(other)]);
      const others = item.messages.map((m, i) => m.index ?? i).filter((i) => i !== index);
      show(pane, h("div", { class: "head" }, h("h2", {}, other === null ? t("message {m}", { m: short(item, index) }) : t("two messages compared")),
        h("div", { class: "buttons small" }, h("span", { class: "soft" }, t("compare with")), others.map((i) =>
          h("button", { type: "button", "aria-pressed": String(i === other), class: i === other ? "on" : "", onclick: () => { other = other === i ? null : i; keepAddress(); drawMessage(); } }, short(item, i))))),
      told[1] ? comparison(told[0], told[1], [short(item, index), short(item, other)]) : message(told[0]));
      if (jump) { pane.focus({ preventScroll: true }); pane.scrollIntoView({ block: "nearest", behavior: "smooth" }); }
    } catch (error) { complain(error); }
  };
  const pick = (at, event) => {
    if (event && event.shiftKey && index !== null && at !== index) other = at;
    else { index = at; other = null; }
    keepAddress();
    drawMessage(true);
  };
  const drawLadder = async () => {
    try {
      drawing = await ladder(picture, `/api/transactions/${id}/ladder.svg${query({ lang: lang(), side: side ? "true" : null })}`, pick, signal);
      mark(drawing, [index, other].filter((i) => i !== null));
    } catch (error) { if (error.name !== "AbortError") show(picture, h("p", { class: "empty" }, `${t("the ladder cannot be drawn")}: ${plainly(error)}`)); }
  };
  const file = (name, text) => h("button", { type: "button", onclick: () => save(`/api/transactions/${id}/${name}${name.endsWith("svg") ? query({ lang: lang() }) : ""}`, `${tx}-${name}`).catch(complain) }, text);
  const draw = () => {
    show(head, top(item, read));
    if (!body.firstChild) {
      const box = h("input", { type: "checkbox", onchange: () => { side = box.checked; keepAddress(); drawLadder(); } });
      box.checked = side;
      put(body, [h("section", { class: "part" }, h("div", { class: "head" }, h("h2", {}, t("what happened")),
        h("label", { class: "check small soft" }, box, t("side traffic: sign-on, echo")),
        h("div", { class: "buttons" }, file("ladder.svg", "SVG"), file("capture.pcapng", "pcapng"), file("bundle.zip", t("evidence (ZIP)")))),
      h("div", { class: "beliefs-place" }), h("div", { class: "paper ladder-paper", tabindex: "0", role: "region", "aria-label": t("what happened") }, picture), h("p", { class: "small soft hint" }, t("press an arrow to read its message; with Shift, to compare it")), h("div", { class: "list-place" })), pane, foot]);
    }
    show(body.querySelector(".beliefs-place"), believes(item));
    const place = body.querySelector(".list-place");
    const wasOpen = place.querySelector("details[open]");
    show(place, list(item, pick));
    if (wasOpen) place.firstChild.open = true;
    show(foot, h("section", { class: "part" }, h("h2", {}, t("its names")), keys(item)));
  };
  const read = async () => {
    try {
      const [told] = await Promise.all([get(`/api/transactions/${id}`, signal), learnCauses().catch(() => {})]);
      const now = JSON.stringify([told.state, told.verdict, (told.messages || []).length]);
      if (now === seen) return;
      const first = !item;
      [item, seen] = [told, now];
      item.messages = item.messages || [];
      draw();
      drawLadder();
      if (first && index === null && item.messages.length) index = 0;
      if (first) drawMessage();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status === 404 || !tx) show(head, h("div", { class: "paper empty" }, t("the journal holds no payment of this name"), " ", h("a", { href: address("search") }, t("look for it"))));
      else complain(error);
    }
  };
  read();
  // Read again only when the stream says that it moved.
  let stood = null;
  return watch(() => {
    const is = live.latest.get(tx) || live.wrong.get(tx);
    const mark_ = is && is.state + is.verdict;
    if (mark_ && stood !== null && mark_ !== stood) read();
    stood = mark_ || stood || "";
  });
}
