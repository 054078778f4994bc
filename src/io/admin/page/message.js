// One message: its fields beside its bytes. What is pointed at on one side lights up on the other.

import { h, put, say, show } from "./dom.js";
import { lang, t } from "./text.js";

const name = (field) => (lang() === "zh" && field.name_zh) || field.name || "";

/** A value that people can read: of what is none, how long it is. */
const shown = (value) => (value || "").replace(/^\((\d+) bytes\)$/, (_, n) => t("({n} bytes)", { n }));

/** Fields and their parts in one list, each with how deep it lies. */
function flat(fields, depth = 0) {
  return (fields || []).flatMap((field) => [{ ...field, depth }, ...flat(field.parts, depth + 1)]);
}

/** The bytes, sixteen a line: offset, hex, text. */
function dump(hex) {
  const bytes = hex.match(/../g) || [];
  const cells = bytes.map((byte, at) => h("span", { class: "byte", data: { at } }, byte));
  const texts = bytes.map((byte, at) => {
    const code = parseInt(byte, 16);
    return h("span", { class: "char", data: { at }, "aria-hidden": "true" }, code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·");
  });
  const rows = [];
  for (let at = 0; at < bytes.length; at += 16) {
    rows.push(h("div", { class: "bytes" }, h("span", { class: "offset", "aria-hidden": "true" }, at.toString(16).padStart(4, "0")),
      h("span", { class: "hexes" }, cells.slice(at, at + 16)), h("span", { class: "chars" }, texts.slice(at, at + 16))));
  }
  const node = h("div", { class: "dump mono", tabindex: "0", role: "group", "aria-label": t("bytes: arrow keys go from field to field") }, rows);
  return { node, cells, texts };
}

/** The fields of a message beside its bytes. */
export function message(told) {
  const rows = flat(told.fields);
  const bytes = dump(told.hex || "");
  const lines = rows.map((field, i) => h("tr", { data: { row: i }, tabindex: "0", class: `depth-${Math.min(field.depth, 3)}` },
    h("th", { scope: "row", class: "number" }, field.id),
    h("td", { class: "soft" }, name(field)),
    h("td", { class: "value mono" }, h("bdi", {}, shown(field.value)))));
  const where = h("p", { class: "small soft where", role: "status" });
  const node = h("div", { class: "message" },
    h("div", { class: "fields paper", tabindex: "-1" }, h("table", {},
      h("thead", { class: "unseen" }, h("tr", {}, ["field", "name", "value"].map((n) => h("th", { scope: "col" }, t(n))))),
      h("tbody", {}, lines))),
    h("div", {}, bytes.node, where,
      (told.warnings || []).map((text) => h("p", { class: "notice small" }, typeof text === "string" ? text : text.message || JSON.stringify(text)))));
  let lit = null;
  const light = (at) => {
    if (at === lit) return;
    for (const lines_ of [lit, at]) {
      const field = rows[lines_];
      if (!field) continue;
      const on = lines_ === at;
      lines[lines_].classList.toggle("lit", on);
      for (let b = field.start; b < field.end; b += 1) {
        if (bytes.cells[b]) bytes.cells[b].classList.toggle("lit", on);
        if (bytes.texts[b]) bytes.texts[b].classList.toggle("lit", on);
      }
    }
    lit = at;
    const field = rows[at];
    say(where, field ? t("field {id}: bytes {a} to {b}", { id: field.id, a: field.start, b: Math.max(field.start, field.end - 1) }) : "");
  };
  /** The innermost field of a byte. */
  const owner = (at) => {
    let best = null;
    rows.forEach((field, i) => { if (field.start <= at && at < field.end && (best === null || field.depth >= rows[best].depth)) best = i; });
    return best;
  };
  const point = (event) => {
    const row = event.target.closest("[data-row]");
    const byte = event.target.closest("[data-at]");
    if (row) light(Number(row.dataset.row));
    else if (byte) {
      light(owner(Number(byte.dataset.at)));
      if (lit !== null) lines[lit].scrollIntoView({ block: "nearest" });
    }
  };
  node.addEventListener("pointerover", point);
  node.addEventListener("focusin", point);
  node.addEventListener("pointerleave", () => light(null));
  bytes.node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    light(Math.min(rows.length - 1, Math.max(0, (lit ?? (step > 0 ? -1 : rows.length)) + step)));
    lines[lit].scrollIntoView({ block: "nearest" });
  });
  return node;
}

/** Two messages field by field; what differs is marked by a sign. */
export function comparison(one, other, names) {
  const left = flat(one.fields), right = flat(other.fields);
  const of = (list) => new Map(list.map((field) => [field.id, field]));
  const [a, b] = [of(left), of(right)];
  const ids = [...new Set([...left, ...right].map((field) => field.id))];
  ids.sort((x, y) => x.localeCompare(y, "en", { numeric: true }));
  const rows = ids.map((id) => {
    const [x, y] = [a.get(id), b.get(id)];
    const same = x && y && x.value === y.value;
    const sign = same ? "" : x && y ? "≠" : x ? "−" : "+";
    const said = same ? "" : t(x && y ? "differs" : x ? "only in the first" : "only in the second");
    return h("tr", { class: same ? "same" : "differs" }, h("th", { scope: "row", class: "number" }, id), h("td", { class: "soft" }, name(x || y)),
      h("td", { class: "mono" }, h("bdi", {}, shown(x && x.value))), h("td", { class: "sign", title: said }, sign, h("span", { class: "unseen" }, said)),
      h("td", { class: "mono" }, h("bdi", {}, shown(y && y.value))));
  });
  return h("div", { class: "wide paper", tabindex: "0", role: "region", "aria-label": t("comparison") }, h("table", { class: "comparison" },
    h("thead", {}, h("tr", {}, [t("field"), t("name"), names[0], "", names[1]].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows)));
}
