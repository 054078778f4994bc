// A payment as a line of a list, and as a row of a table.

import { h, say } from "./dom.js";
import { lang, t } from "./text.js";
import { address } from "./address.js";
import { BELIEF, clock, kind, money, moneyless, mood } from "./words.js";

/** The sentence of the verdict in the language of the page. */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const verdict = (item) => sentence((lang() === "zh" ? item.verdict_zh : item.verdict) || "");
export const nextStep = (item) => sentence((lang() === "zh" ? item.next_step_zh : item.next_step) || "");

/** The address of a payment's own view. */
export const place = (item) => address("transaction", { tx: item.tx });

export function moodSign(item) {
  const is = mood(item);
  return h("span", { class: `mood ${is.tone}`, "data-sign": is.sign }, is.text);
}

function changeMood(node, item) {
  const is = mood(item);
  if (node.className !== `mood ${is.tone}`) node.className = `mood ${is.tone}`;
  if (node.dataset.sign !== is.sign) node.dataset.sign = is.sign;
  say(node, is.text);
}

const PARTIES = ["terminal", "gateway", "acquirer"];

/** Three signs: what terminal, gateway and acquirer believe. */
export function beliefSigns(item) {
  const told = PARTIES.map((party) => {
    const is = item.beliefs ? item.beliefs[party].is : "unknown";
    return `${t(party)}: ${t(`belief ${is}`)}`;
  });
  const signs = PARTIES.map((party) => {
    const [tone, sign] = BELIEF[item.beliefs ? item.beliefs[party].is : "unknown"] || BELIEF.unknown;
    return h("i", { class: tone }, sign);
  });
  return h("span", { class: "three", role: "img", "aria-label": told.join(", "), title: told.join("\n") },
    signs);
}

/** What it is: `Sale`, and its amount. */
const subject = (item) => kind(item.kind);
const sum = (item) => (moneyless(item) ? "" : money(item.amount, item.currency));

/** A line of the live list. */
export function line(item) {
  const node = h("li", {},
    h("a", { class: "line", href: place(item) },
      h("time", { datetime: item.began || "" }, clock(item.began)),
      h("span", { class: "what" }, subject(item)),
      h("span", { class: "sum" }, sum(item)),
      h("span", { class: "at" }, h("bdi", {}, item.terminal)),
      beliefSigns(item),
      moodSign(item),
      h("span", { class: "said" }, verdict(item))));
  node.seen = signature(item);
  return node;
}

const signature = (item) => [item.state, item.open, verdict(item), mood(item).word].join("|");

/** The same line when its payment has moved. */
export function changeLine(node, item) {
  const seen = signature(item);
  if (node.seen === seen) return;
  node.seen = seen;
  const row = node.firstElementChild;
  row.children[4].replaceWith(beliefSigns(item));
  changeMood(row.children[5], item);
  say(row.children[6], verdict(item));
}

/** A table of payments. */
export function table(items, more) {
  const head = [["began"], ["payment"], ["amount", "number"], ["terminal / STAN"], ["state"], ["verdict"]];
  return h("div", { class: "wide paper", tabindex: "0", role: "region", "aria-label": t("payments") },
    h("table", { class: "payments" },
      h("thead", {}, h("tr", {}, head.map(([name, c]) => h("th", { scope: "col", class: c }, t(name))), more && h("th", {}, ""))),
      h("tbody", {}, items.map((item) => h("tr", {},
        h("td", { class: "nowrap" }, h("a", { href: place(item), class: "number" }, item.began ? `${item.began.slice(5, 10)} ${clock(item.began)}` : item.tx.slice(-8))),
        h("td", { class: "nowrap" }, subject(item)),
        h("td", { class: "number" }, sum(item)),
        h("td", { class: "nowrap number-left" }, h("bdi", {}, `${item.terminal} / ${item.stan}`)),
        h("td", { class: "nowrap" }, moodSign(item), item.class && item.open ? h("span", { class: "class", title: t(`class ${item.class}`) }, item.class) : null),
        h("td", { class: "said" }, verdict(item)))))));
}
