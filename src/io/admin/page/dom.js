// Elements from data. A text becomes a text node and nothing else; what a screen would obey in it
// (control characters, changes of the reading direction) is shown as a sign.

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text that can be read, whoever wrote it. */
export function visible(text) {
  return String(text).replace(CONTROL, (c) => {
    const code = c.codePointAt(0).toString(16).toUpperCase();
    return `\u27e8${code.padStart(2, "0")}\u27e9`;
  });
}

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.setAttribute("class", value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value" && "value" in node) node.value = value;
    else node.setAttribute(name, value === true ? "" : visible(value));
  }
  put(node, children);
  return node;
}

/** Children: nodes, texts, lists of them; nothing for null and false. */
export function put(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return node;
}

/** An element of HTML. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An element of SVG. */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

/** Other children than before. */
export function show(node, ...children) {
  node.replaceChildren();
  return put(node, children);
}

/** A text, written only where it differs: a node that stays is neither laid out nor read out anew. */
export function say(node, text) {
  const seen = visible(text);
  if (node.textContent !== seen) node.textContent = seen;
}

/**
 * Makes the children of `node` those of `items`, in their order, and keeps what is there already:
 * `make(item)` gives a new one, `update(child, item)` changes one that stays.
 */
export function keep(node, items, key, make, update) {
  const old = new Map([...node.children].map((child) => [child.dataset.key, child]));
  let place = node.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = old.get(name);
    if (child) {
      old.delete(name);
      if (update) update(child, item);
    } else {
      child = make(item);
      child.dataset.key = name;
    }
    if (child === place) place = place.nextElementSibling;
    else node.insertBefore(child, place);
  }
  for (const child of old.values()) if (!child.contains(document.activeElement)) child.remove();
}

/** Tells whoever cannot see the page, and shows for a moment. */
export function tell(text, bad) {
  const place = document.getElementById("told");
  place.className = bad ? "told bad" : "told";
  place.textContent = visible(text);
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { place.className = ""; place.textContent = ""; }, 6000);
}
