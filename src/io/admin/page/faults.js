// Faults: what can be made to go wrong, each in one picture, switched on and off while it runs.

import { get, post } from "./api.js";
import { amend } from "./address.js";
import { h, keep, s, say, show, tell } from "./dom.js";
import { act, complain, takeAway, who } from "./act.js";
import { live, refreshFaults, watch } from "./live.js";
import { lang, t } from "./text.js";
import { unread } from "./now.js";
import { clock, count } from "./words.js";

const SIDES = ["terminal", "gateway", "acquirer", "office"];

/** A step of what is to be seen on the wire: `0210 00 x` is an answer with a code, and lost. */
function step(text) {
  const mti = /^\d{4}/.exec(text);
  if (!mti) return { words: text };
  const rest = text.slice(4).trim();
  const answer = /[13579]/.test(mti[0][2]);
  return { mti: mti[0], answer, lost: /(^|\s)x$/.test(rest), late: rest.endsWith(".."), rest: rest.replace(/(^|\s)(x|\.\.)$/, "").trim() };
}

/** What it does in one picture: arrows there and back, a cross where one is lost. */
export function picture(wire, side) {
  const steps = wire.split(/[,;]/).map((text) => step(text.trim())).slice(0, 6);
  const H = 20, w = 220, left = 14, right = w - 14, height = steps.length * H + 26;
  const ends = side === "terminal" ? [t("terminal"), t("gateway")] : [t("gateway"), t("acquirer")];
  const rows = steps.map((one, i) => {
    const y = 34 + i * H;
    if (!one.mti) return s("text", { x: w / 2, y: y + 4, "text-anchor": "middle", class: "words" }, one.words.slice(0, 34));
    const [from, to] = one.answer ? [right - 3, left + 3] : [left + 3, right - 3];
    const end = one.lost ? (from + to) / 2 + (one.answer ? -30 : 30) : to;
    const d = one.answer ? 1 : -1;
    const tip = one.lost ? `M${end - 4} ${y - 4}l8 8m0 -8l-8 8` : `M${end + d * 6} ${y - 4}L${end} ${y}L${end + d * 6} ${y + 4}`;
    const cls = one.lost ? "lost" : one.late ? "late" : "fine";
    const label = `${one.mti} ${one.rest}`.trim().slice(0, 30);
    return s("g", { class: cls }, s("path", { d: `M${from} ${y}H${end}`, class: "shaft" }), s("path", { d: tip, class: "tip" }), s("text", { x: w / 2, y: y - 3, "text-anchor": "middle" }, label));
  });
  return s("svg", { class: "fault-picture", viewBox: `0 0 ${w} ${height}`, width: w, height, role: "img", "aria-label": wire },
    s("text", { x: left - 12, y: 11, class: "end" }, ends[0]), s("text", { x: right + 12, y: 11, "text-anchor": "end", class: "end" }, ends[1]),
    s("path", { d: `M${left} 16V${height - 2}M${right} 16V${height - 2}`, class: "life" }), rows);
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const title = (fault) => (lang() === "zh" ? fault.title_zh : fault.title) || fault.title;

/** The text that switches it on: `F03:delay=1s..3s,p=0.1`. */
function written(fault, p, knobs, aim) {
  const given = [...knobs].filter(([, [input, usual]]) => input.value.trim() && input.value.trim() !== usual).map(([name, [input]]) => `${name}=${input.value.trim()}`);
  if (aim.value.trim()) given.push(aim.value.trim());
  if (p.value.trim()) given.unshift(`p=${p.value.trim()}`);
  return given.length ? `${fault.id}:${given.join(",")}` : fault.id;
}

/** What the catalogue's knobs are called by people. */
const KNOBS = {
  delay: ["how late", "延迟"], service: ["time for each", "单笔处理时间"], capacity: ["room for", "队列容量"], overflow: ["when full", "队列满时"],
  every: ["every", "间隔"], for: ["for how long", "持续"], at: ["booked or not", "是否已记账"], after: ["after", "多久之后"], of: ["which message", "哪条报文"],
  mode: ["how", "方式"], hold: ["held for", "滞留"], copies: ["copies", "份数"], code: ["response code", "应答码"], times: ["how often", "次数"], last: ["at last", "最后一次"],
  state: ["state", "状态"], by: ["by", "依据"], least: ["from amount", "起始金额"], days: ["days", "天数"], missing_at: ["missing at", "缺失方"], bank: ["the bank", "收款行"],
  reason: ["reason", "原因"], debited: ["debited", "是否已扣款"], final: ["in the end", "最终结果"], channel: ["channel", "渠道"], what: ["what", "内容"], gap: ["pause", "间隔"],
  trace: ["trace number", "流水号"], without: ["without field", "缺少的域"], set: ["set field", "改写的域"], delete: ["remove field", "删除的域"], header: ["header", "报文头"],
  lag: ["lag", "滞后"], mac: ["MAC", "MAC"], amount: ["amount", "金额"],
};
const knobName = (name) => (KNOBS[name] ? KNOBS[name][lang() === "zh" ? 1 : 0] : name);

function entry(fault) {
  const p = h("input", { inputmode: "decimal", autocomplete: "off" });
  p.value = fault.p === "1" ? "1" : "0.2";
  const knobs = new Map((fault.knobs || []).map((knob) => {
    const input = knob.others && knob.others.length
      ? h("select", {}, [knob.default, ...knob.others].map((value) => h("option", { value }, value || "–")))
      : h("input", { autocomplete: "off", spellcheck: "false" });
    input.value = knob.default;
    return [knob.name, [input, knob.default]];
  }));
  const aim = h("input", { class: "aim", autocomplete: "off", spellcheck: "false", placeholder: "kind=sale" });
  const fixed = h("button", { class: "main", type: "submit" }, t("switch on"));
  const form = h("form", { class: "knobs", onsubmit: async (event) => {
    event.preventDefault();
    fixed.disabled = true;
    try {
      const text = written(fault, p, knobs, aim);
      await post("/api/faults", { fault: text, who: who() });
      tell(t("switched on: {f}", { f: text }));
    } catch (error) { complain(error); }
    fixed.disabled = false;
    refreshFaults();
  } },
  h("label", { class: "field small-field" }, t("share (0 to 1)"), p),
  [...knobs].map(([name, [input]]) => h("label", { class: "field small-field", title: name }, knobName(name), input)),
  h("label", { class: "field small-field" }, t("only"), aim), fixed);
  return h("li", { class: "fault paper", data: { id: fault.id, side: fault.side } },
    h("div", { class: "fault-text" }, h("h3", {}, h("span", { class: "mono soft" }, fault.id), " ", sentence(title(fault))), form),
    picture((lang() === "zh" && fault.wire_zh) || fault.wire, fault.side));
}

function active() {
  const body = h("tbody", {});
  const none = h("p", { class: "empty" }, t("nothing is made to go wrong"));
  const heal = h("button", { type: "button", class: "main", id: "heal", onclick: async () => {
    if (await act("/api/faults/reset", { who: who() }, t("all faults are switched off"))) refreshFaults();
  } }, t("heal everything"));
  const node = h("section", {}, h("div", { class: "head" }, h("h2", {}, t("switched on now")), h("div", { class: "buttons" }, heal)),
    h("div", { class: "paper wide" }, h("table", { class: "active-faults" }, h("thead", {}, h("tr", {}, ["fault", "what it does", "struck", "since", "by", ""].map((n) => h("th", { scope: "col" }, n && t(n))))), body), none));
  const row = (one) => {
    const off = h("button", { type: "button", onclick: async () => { if (await takeAway(`/api/faults/${encodeURIComponent(one.id)}`, t("switched off: {f}", { f: one.fault }))) refreshFaults(); } }, t("switch off"));
    const tr = h("tr", {}, h("td", { class: "mono" }, one.fault), h("td", {}, sentence(title(one))), h("td", { class: "number-left" }), h("td", { class: "number-left" }, clock(one.since)), h("td", {}, h("bdi", {}, one.by === "start" ? t("from the start") : one.by || "")), h("td", { class: "number" }, off));
    tr.update = (is) => say(tr.children[2], t("{n} of {m}", { n: count(is.struck), m: count(is.concerned) }));
    tr.update(one);
    return tr;
  };
  const update = () => {
    none.hidden = live.faults.length > 0;
    say(none, live.unread.faults ? unread(live.unread.faults) : t("nothing is made to go wrong"));
    body.parentElement.hidden = !live.faults.length;
    heal.disabled = !live.faults.length && !live.unread.faults;
    keep(body, live.faults, (one) => one.id, row, (tr, one) => tr.update(one));
  };
  update();
  return { node, update };
}

export function faults(root, values, signal) {
  const on = active();
  const list = h("ol", { class: "catalogue" }, h("li", { class: "busy" }, t("reading the catalogue…")));
  const find = h("input", { type: "search", placeholder: t("lost answer, MAC, F07 …"), "aria-label": t("look through the catalogue") });
  find.value = values.find || "";
  const side = h("select", { "aria-label": t("where") }, h("option", { value: "" }, t("everywhere")), SIDES.map((name) => h("option", { value: name }, t(`side ${name}`))));
  side.value = values.side || "";
  let all = [];
  const sift = () => {
    amend("faults", { find: find.value.trim(), side: side.value });
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (fault) => (!side.value || fault.side === side.value) && words.every((word) => `${fault.id} ${fault.title} ${fault.title_zh} ${fault.wire} ${fault.wire_zh}`.toLowerCase().includes(word));
    keep(list, all.filter(fits), (fault) => fault.id, entry);
  };
  find.addEventListener("input", sift);
  side.addEventListener("change", sift);
  show(root, h("h1", {}, t("make something go wrong")), h("p", { class: "lead" }, t("switch a fault on, watch what becomes of the payments, and heal everything again")),
    h("div", { class: "part" }, on.node), h("section", { class: "part" }, h("div", { class: "head" }, h("h2", {}, t("the catalogue")), h("div", { class: "sift" }, find, side)), list));
  get("/api/faults", signal).then((said) => { all = said.catalogue || []; show(list); sift(); if (!all.length) show(list, h("li", { class: "empty paper" }, t("this gateway takes no faults"))); }).catch((error) => {
    if (error.name !== "AbortError") show(list, h("li", { class: "empty paper" }, t("could not be read: {why}", { why: error.message }), " ", h("button", { type: "button", onclick: () => location.reload() }, t("try again"))));
  });
  return watch(on.update);
}
