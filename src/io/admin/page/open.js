// Open: each payment of which it is not proven that both ends agree, and what can be done about it.

import { every, get, query } from "./api.js";
import { amend } from "./address.js";
import { h, keep, say, show } from "./dom.js";
import { reversalButtons } from "./act.js";
import { unread } from "./now.js";
import { beliefSigns, moodSign, nextStep, place, verdict } from "./rows.js";
import { now as clock } from "./live.js";
import { t, w } from "./text.js";
import { age, kind, lasting, money, mood } from "./words.js";

/** How often the list is read anew, in milliseconds. */
const PACE = 2000;
const CLASSES = ["U1", "U2", "U3", "U5", "U6", "U7", "U8", "U9"];

function card(item, again) {
  const since = h("span", { class: "soft number" });
  const node = h("li", { class: "case" },
    h("div", { class: "case-head" },
      h("a", { class: "case-name", href: place(item) }, h("span", { class: "sum" }, money(item.amount, item.currency)), h("span", {}, kind(item.kind))),
      moodSign(item), h("span", { class: "class" }, item.class), since),
    h("p", { class: "case-class" }, t(`class ${item.class}`)),
    h("p", { class: "case-verdict" }, verdict(item)),
    h("p", { class: "case-next" }, h("b", {}, t("what to do")), " ", nextStep(item)),
    h("div", { class: "case-foot" },
      h("span", { class: "soft small" }, h("bdi", {}, `${w("terminal")} ${item.terminal} · STAN ${item.stan}${item.rrn ? ` · RRN ${item.rrn}` : ""}`)),
      beliefSigns(item), h("a", { class: "button", href: place(item) }, t("what happened")), reversalButtons(item, again)));
  node.seen = item.state + verdict(item);
  node.since = () => say(since, item.began ? w("since {t}", { t: lasting(age(item.began, clock())) }) : "");
  node.since();
  return node;
}

export function open(root, values, signal) {
  let only = values.class || "";
  let items = null, more = false, moving = 0, failed = null;
  const list = h("ol", { class: "cases" });
  const lead = h("p", { class: "lead" });
  const none = h("div", { class: "paper empty", hidden: true }, t("nothing is open: every payment is confirmed, declined or given back"));
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("only of one class") });
  const trouble = h("p", { class: "notice", hidden: true }, h("span", {}), " ", h("button", { type: "button", onclick: () => read() }, t("try again")));
  show(root, h("div", { class: "head" }, h("h1", {}, t("open payments"))), trouble, lead, chips, none, list);
  const drawChips = () => {
    const counts = new Map(CLASSES.map((c) => [c, (items || []).filter((i) => i.class === c).length]));
    keep(chips, ["", ...CLASSES].filter((c) => !c || counts.get(c) || c === only), (c) => c || "all", (c) =>
      h("button", { type: "button", onclick: () => { only = only === c ? "" : c; amend("open", { class: only }); update(); } }, h("span", {}), h("span", { class: "count" })),
    () => {});
    for (const button of chips.children) {
      const c = button.dataset.key === "all" ? "" : button.dataset.key;
      button.setAttribute("aria-pressed", String(c === only));
      say(button.firstChild, c ? t(`short ${c}`) : t("all"));
      say(button.lastChild, String(c ? counts.get(c) : (items || []).length) + (more && !c ? "+" : ""));
    }
  };
  const update = () => {
    trouble.hidden = !failed;
    if (failed) say(trouble.firstChild, unread(failed));
    if (!items) { say(lead, failed ? "" : t("reading the journal…")); return; }
    const seen = items.filter((item) => !only || item.class === only);
    const sums = new Map();
    for (const item of seen) sums.set(item.currency, (sums.get(item.currency) || 0) + item.amount);
    const sum = [...sums].map(([currency, amount]) => money(amount, currency)).join(" + ");
    say(lead, seen.length ? t(seen.length === 1 ? "one payment, {sum}" : "{n} payments, {sum}: oldest first", { n: `${seen.length}${more ? "+" : ""}`, sum }) : moving ? t("{n} under way", { n: moving }) : "");
    drawChips();
    chips.hidden = !items.length;
    none.hidden = more || seen.length > 0;
    if (list.matches(":focus-within") && document.activeElement.tagName === "BUTTON") { for (const c of list.children) c.since(); return; }
    keep(list, seen, (item) => `${item.tx}${item.state}${item.verdict}`, (item) => card(item, read), (node) => node.since());
  };
  const read = async () => {
    try {
      const all = [], isOpen = (item) => mood(item).word !== "under way";
      let cursor = "";
      // A page may hold nothing but what is under way, or end early for want of time.
      do {
        const said = await get(`/api/open${query({ limit: 100, cursor })}`, signal);
        all.unshift(...said.items);
        cursor = said.next;
      } while (cursor && !all.some(isOpen));
      items = all.filter(isOpen);
      moving = all.length - items.length;
      more = Boolean(cursor);
      failed = null;
      update();
    } catch (error) {
      if (error.name === "AbortError") return;
      failed = error;
      update();
    }
  };
  update();
  read();
  return every(PACE, read);
}
