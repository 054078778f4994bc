// Findings: what failures have in common, and nothing where chance explains them.

import { get, query } from "./api.js";
import { h, show } from "./dom.js";
import { address } from "./address.js";
import { complain, plainly } from "./act.js";
import { lang, t } from "./text.js";
import { count } from "./words.js";

/** A share as a bar, with the share of all others as a mark on it. */
function bar(share, others) {
  const width = (part) => `${Math.min(100, Math.max(0, part * 100)).toFixed(1)}`;
  const node = h("meter", { min: 0, max: 1, value: share, "aria-label": `${width(share)} %` });
  node.value = share;
  return h("div", { class: "bar" }, node, h("span", { class: "number small" }, `${width(share)} %`),
    others === undefined ? null : h("span", { class: "soft small number" }, t("others {n} %", { n: width(others) })));
}

const own = (item, key) => (lang() === "zh" && item[`${key}_zh`]) || item[key] || "";

function finding(one) {
  const all = one.transactions ?? one.concerned ?? one.all ?? 0, failed = one.failed ?? 0;
  const others = one.others ? (one.others.failed ?? 0) / Math.max(one.others.transactions ?? 1, 1) : one.rate_else ?? one.expected;
  return h("tr", {}, h("td", {}, h("b", {}, own(one, "text") || own(one, "finding") || `${one.by ?? one.column ?? ""} ${one.value ?? ""}`), own(one, "next_step") ? h("div", { class: "soft" }, own(one, "next_step")) : null),
    h("td", { class: "number" }, t("{n} of {m}", { n: count(failed), m: count(all) })), h("td", {}, bar(all ? failed / all : one.rate ?? 0, others)));
}

export function findings(root, values, signal) {
  const place = h("div", {}, h("p", { class: "busy" }, t("reading the journal…")));
  show(root, h("h1", {}, t("what failures have in common")), h("p", { class: "lead" }, t("a card range, a terminal, a link, an hour: named only where chance does not explain it")), h("div", { class: "part" }, place));
  get(`/api/findings${query({ since: values.since })}`, signal).then((said) => {
    const rows = said.findings || said.items || [];
    const sum = said.transactions === undefined ? null : h("dl", { class: "figures" }, [["payments looked at", said.transactions], ["of them failed", said.failed], ["left out", said.left_out]].map(([name, n]) =>
      h("div", { class: "figure" }, h("dt", {}, t(name)), h("dd", { class: "big" }, count(n ?? 0)))));
    const part = said.cut_short ? h("p", { class: "notice" }, t("only the newest were looked at in time; all of them: {c}", { c: "isogate findings" })) : null;
    show(place, sum, part, rows.length
      ? h("div", { class: "paper wide part", tabindex: "0", role: "region", "aria-label": t("findings") }, h("table", {}, h("thead", {}, h("tr", {}, [["what they have in common"], ["failed", "number"], ["share that failed"]].map(([n, c]) => h("th", { scope: "col", class: c }, t(n))))), h("tbody", {}, rows.map(finding))))
      : h("div", { class: "paper empty part" }, t(said.failed ? "failures there are, but nothing that they have in common" : "no failure there is")));
  }).catch((error) => { if (error.name !== "AbortError") { show(place, h("div", { class: "paper empty" }, plainly(error))); if (!error.status) complain(error); } });
}
