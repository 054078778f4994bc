// Reconciliation: the journal beside the files of the others, and what does not match.

import { get } from "./api.js";
import { h, show } from "./dom.js";
import { address } from "./address.js";
import { complain, plainly } from "./act.js";
import { lang, t } from "./text.js";
import { count, money } from "./words.js";

const own = (item, key) => (lang() === "zh" && item[`${key}_zh`]) || item[key] || "";

function row(one) {
  const tx = one.tx;
  return h("tr", {}, h("td", { class: "nowrap" }, own(one, "text")),
    h("td", { class: "nowrap" }, tx ? h("a", { href: address("transaction", { tx }) }, h("bdi", {}, `${one.terminal ?? ""} / ${one.stan ?? ""}`)) : h("bdi", {}, `${one.terminal ?? ""} / ${one.stan ?? ""}`)),
    h("td", { class: "number" }, one.amount === null ? "" : money(one.amount)), h("td", {}, own(one, "said")));
}

/** What is said where no file of the others was given. */
const without = () => h("div", { class: "paper empty" }, h("p", {}, t("there is nothing to hold the journal against yet")),
  h("p", { class: "soft" }, t("give the files of the acquirer, of the terminals or of the pay-out to the command")),
  h("p", { class: "small" }, h("code", {}, "isogate recon --acquirer-file FILE --terminal-file FILE --payout-file FILE")));

export function recon(root, values, signal) {
  const place = h("div", {}, h("p", { class: "busy" }, t("reading the journal…")));
  show(root, h("h1", {}, t("the books side by side")), h("p", { class: "lead" }, t("what the journal, the terminals' totals and the acquirer's file say of the same payments")), h("div", { class: "part" }, place));
  get("/api/recon", signal).then((said) => {
    const rows = said.items;
    const part = said.cut_short ? h("p", { class: "notice" }, t("only the newest were looked at in time; all of them: {c}", { c: "isogate recon" })) : null;
    if (!rows.length) { show(place, part, without()); return; }
    const figures = Object.values(said.sums).map((sum) => [own(sum, "text"), sum.count]);
    show(place, part, figures.length ? h("dl", { class: "figures" }, figures.map(([name, n]) => h("div", { class: "figure" }, h("dt", {}, name), h("dd", { class: "big" }, count(n))))) : null,
      h("div", { class: "paper wide part", tabindex: "0", role: "region", "aria-label": t("what does not match") }, h("table", {}, h("thead", {}, h("tr", {}, [["what"], ["terminal / STAN"], ["amount", "number"], ["verdict"]].map(([n, c]) => h("th", { scope: "col", class: c }, t(n))))), h("tbody", {}, rows.slice(0, 500).map(row)))));
  }).catch((error) => { if (error.name === "AbortError") return; show(place, error.status === 404 ? without() : h("div", { class: "paper empty" }, t("could not be read: {why}", { why: plainly(error) }))); if (!error.status) complain(error); });
}
