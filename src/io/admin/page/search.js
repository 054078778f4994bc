// Search: by what stands on a receipt, or by a filter as `trace` and `tail` take it.

import { get, query } from "./api.js";
import { amend } from "./address.js";
import { h, show } from "./dom.js";
import { complain } from "./act.js";
import { table } from "./rows.js";
import { t } from "./text.js";

const LIMIT = 50;
/** What a receipt tells, each with its word of the filter. */
const KEYS = [["rrn", "RRN"], ["terminal", "terminal"], ["stan", "STAN"], ["auth", "authorization code"], ["amount", "amount"],
  ["card", "last four digits"], ["state", "state"], ["code", "response code"], ["since", "from"], ["until", "until"]];
const HINT = { amount: "888.00", since: "2026-11-29 09:00", until: "2026-11-29 10:00", rrn: "112900000739", terminal: "10420006", stan: "000021", auth: "000115", card: "0048", code: "51" };
const STATES = ["DELIVERED-APPROVED", "DELIVERED-DECLINED", "REVERSED", "RETURNED", "REVERSAL-PENDING", "REVERSAL-SENT", "TIMED-OUT", "LATE-APPROVAL", "TERMINAL-GONE",
  "DELIVERY-UNPROVEN", "CLOSED-UNPROVEN", "REVERSAL-REJECTED", "REVERSAL-UNDELIVERABLE", "SEND-FAILED", "REJECTED-LOCAL", "CONFIRMED", "SETTLED", "CLOSED-BY-OPERATOR", "FORWARDED"];

const quoted = (value) => (/^[\w.:,*+-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "")}"`);

/** One filter of all that was filled in. */
function filter(values) {
  const parts = KEYS.filter(([key]) => values[key]).map(([key]) => `~${key} ${quoted(values[key].trim())}`);
  if (values.q) parts.push(parts.length ? `(${values.q})` : values.q);
  return parts.join(" & ");
}

export function search(root, values, signal) {
  const inputs = new Map();
  const field = ([key, name]) => {
    const input = key === "state"
      ? h("select", {}, h("option", { value: "" }, t("any")), STATES.map((state) => h("option", { value: state }, state)))
      : h("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: HINT[key] });
    input.value = values[key] || "";
    inputs.set(key, input);
    return h("label", { class: "field" }, t(name), input);
  };
  const free = h("input", { type: "text", class: "mono", autocomplete: "off", spellcheck: "false", placeholder: "~mti 02xx & ~de 39 00 & ~open" });
  free.value = values.q || "";
  inputs.set("q", free);
  const result = h("section", { class: "part", "aria-live": "polite" });
  const examples = ["~open", "~state reversed", "~code 51", "~kind refund", "~slower 500ms"];
  const form = h("form", { class: "search paper", role: "search", onsubmit: (event) => { event.preventDefault(); run(); } },
    h("div", { class: "search-fields" }, KEYS.map(field)),
    h("label", { class: "field" }, t("or a filter, as `isogate trace` takes it"), free),
    h("div", { class: "buttons" }, h("button", { class: "main" }, t("search")),
      h("button", { type: "button", onclick: () => { for (const input of inputs.values()) input.value = ""; run(); } }, t("clear")),
      h("span", { class: "soft small" }, t("for example")), examples.map((text) => h("button", { type: "button", class: "plain mono", onclick: () => { free.value = text; run(); } }, text))));
  show(root, h("h1", {}, t("find a payment")), h("p", { class: "lead" }, t("fill in what you know; the address of this page can be sent to somebody else")), form, result);

  let asked = 0;
  const run = async () => {
    const given = Object.fromEntries([...inputs].map(([key, input]) => [key, input.value.trim()]));
    amend("search", given);
    const q = filter(given);
    const turn = ++asked;
    show(result, h("p", { class: "busy" }, t("reading the journal…")));
    const pages = [];
    const more = async (cursor) => {
      try {
        let next = cursor, found = 0;
        // A page may end early for want of time, with nothing found yet.
        do {
          const said = await get(`/api/transactions${query({ q, limit: LIMIT, cursor: next })}`, signal);
          if (turn !== asked) return;
          pages.push(...said.items);
          [next, found] = [said.next, said.items.length];
        } while (next && !found);
        draw(next);
      } catch (error) {
        if (error.name === "AbortError" || turn !== asked) return;
        show(result, h("div", { class: "notice bad" }, h("pre", { class: "mono" }, error.message), error.hint ? h("p", { class: "small" }, error.hint) : null));
        if (!error.status) complain(error);
      }
    };
    const draw = (next) => {
      if (!pages.length) { show(result, h("div", { class: "paper empty" }, t("the journal holds no such payment"))); return; }
      const items = pages.slice(-500).sort((a, b) => (a.tx < b.tx ? 1 : -1));
      show(result, h("div", { class: "head" }, h("h2", {}, t(next ? "the newest {n}" : "{n} found", { n: pages.length })), q ? h("code", { class: "soft" }, q) : null),
        table(items), next ? h("p", { class: "more" }, h("button", { type: "button", onclick: () => more(next) }, t("show older ones"))) : null);
    };
    await more("");
  };
  run();
}
