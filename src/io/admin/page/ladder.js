// The ladder, as the gateway draws it: a picture of texts that nobody here makes markup of. The
// page gives it its colours, and makes its messages things to press.

import { fetched } from "./api.js";
import { h, show } from "./dom.js";
import { t } from "./text.js";

/** The picture in a text of the gateway's, without what belongs to a file of its own. */
export function picture(text) {
  // The page has its own style for it, and its policy takes no other.
  const bare = text.replace(/<style>[^<]*<\/style>/, "");
  const read = new DOMParser().parseFromString(bare, "image/svg+xml").documentElement;
  if (read.nodeName !== "svg") throw new Error(t("the ladder cannot be read"));
  for (const own of read.querySelectorAll("script, foreignObject, a, image, use")) own.remove();
  const node = document.adoptNode(read);
  node.setAttribute("role", "group");
  return node;
}

/** Makes its messages pressable: `pick(index)`. */
export function pressable(node, pick) {
  for (const arrow of node.querySelectorAll("[data-index]")) {
    arrow.setAttribute("tabindex", "0");
    arrow.setAttribute("role", "button");
    const title = arrow.querySelector("title");
    if (title) arrow.setAttribute("aria-label", title.textContent);
  }
  const at = (event) => event.target.closest("[data-index]");
  node.addEventListener("click", (event) => { const arrow = at(event); if (arrow) pick(Number(arrow.dataset.index), event); });
  node.addEventListener("keydown", (event) => {
    const arrow = at(event);
    if (!arrow) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(Number(arrow.dataset.index), event); }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...node.querySelectorAll("[data-index]")];
    const next = all[all.indexOf(arrow) + step];
    if (next) next.focus();
  });
}

/** Marks the messages that are shown beside it. */
export function mark(node, indices) {
  for (const arrow of node.querySelectorAll("[data-index]")) {
    const on = indices.includes(Number(arrow.dataset.index));
    arrow.classList.toggle("picked", on);
    arrow.setAttribute("aria-pressed", String(on));
  }
}

/** Fetches a ladder into a place. */
export async function ladder(place, path, pick, signal) {
  const text = await (await fetched(path, signal)).text();
  const node = picture(text);
  pressable(node, pick);
  show(place, node);
  return node;
}

/** Lets a ladder grow, step by step, unless the system asks for stillness. */
export function grow(node, pace = 450) {
  const steps = [...node.querySelectorAll(".rung")];
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return () => {};
  steps.forEach((step) => step.classList.add("later"));
  let at = 0;
  const timer = setInterval(() => {
    if (at >= steps.length) { clearInterval(timer); return; }
    steps[at].classList.remove("later");
    at += 1;
  }, pace);
  return () => clearInterval(timer);
}

export const loading = () => h("p", { class: "busy" }, t("drawing…"));
