// Small plots: lines over time, drawn as paths that are changed and not made anew.

import { s, say } from "./dom.js";

const W = 640, H = 180, LEFT = 52, RIGHT = 8, TOP = 8, BOTTOM = 22;

/** A round number above: 1, 2 or 5 of its power of ten. */
function round(top) {
  if (!(top > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(top));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= top);
}

/** The path of a series; a point without a value is a gap in it. */
function path(points, x, y, value) {
  let text = "", pen = false;
  points.forEach((point, at) => {
    const v = value(point);
    if (v === null || v === undefined || Number.isNaN(v)) { pen = false; return; }
    text += `${pen ? "L" : "M"}${x(at).toFixed(1)} ${y(v).toFixed(1)}`;
    pen = true;
  });
  return text;
}

/** A line the height of a word: `update(points)`. */
export function spark(label, value) {
  const w = 120, h = 28;
  const line = s("path", { class: "line" });
  const area = s("path", { class: "area" });
  const node = s("svg", { class: "spark", viewBox: `0 0 ${w} ${h}`, "aria-hidden": "true",
    preserveAspectRatio: "none" }, area, line);
  const update = (points) => {
    const seen = points.slice(-120);
    const top = Math.max(...seen.map((p) => value(p) || 0), 1e-9);
    const step = w / Math.max(seen.length - 1, 1);
    const x = (at) => at * step, y = (v) => h - 2 - (v / top) * (h - 4);
    line.setAttribute("d", path(seen, x, y, value));
    const whole = path(seen, x, y, (point) => value(point) || 0);
    area.setAttribute("d", seen.length > 1 ? `${whole}L${w} ${h}L0 ${h}Z` : "");
  };
  return { node, update };
}

/**
 * Lines with axes: `series` are `{name, tone, value}`, `unit(v)` writes a value, `at(point)` its
 * moment. A table of the last values stands beside it for whoever cannot see lines.
 */
export function lines({ label, series, unit, at }) {
  const grid = s("g", { class: "grid" });
  const marks = s("g", { class: "marks" });
  const paths = series.map((one) => s("path", { class: `line ${one.tone}` }));
  const node = s("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img" }, grid, paths, marks);
  const title = s("title", {});
  node.prepend(title);
  const ticks = [0, 1, 2].map(() => s("text", { x: LEFT - 8, "text-anchor": "end", class: "tick" }));
  const rules = [0, 1, 2].map(() => s("line", { x1: LEFT, x2: W - RIGHT, class: "rule" }));
  const times = ["start", "middle", "end"].map((anchor, i) => s("text", {
    x: LEFT + (i * (W - LEFT - RIGHT)) / 2, y: H - 6, "text-anchor": anchor, class: "tick" }));
  grid.append(...rules, ...ticks, ...times);
  const update = (points) => {
    const seen = points.slice(-600);
    const all = seen.flatMap((p) => series.map((one) => one.value(p))).filter((v) => v > 0);
    const top = round(Math.max(...all, 0));
    const step = (W - LEFT - RIGHT) / Math.max(seen.length - 1, 1);
    const x = (i) => LEFT + i * step, y = (v) => TOP + (1 - Math.min(v / top, 1)) * (H - TOP - BOTTOM);
    series.forEach((one, i) => paths[i].setAttribute("d", path(seen, x, y, one.value)));
    [0, 0.5, 1].forEach((part, i) => {
      const place = y(top * part);
      rules[i].setAttribute("y1", place);
      rules[i].setAttribute("y2", place);
      ticks[i].setAttribute("y", place + 4);
      say(ticks[i], unit(top * part));
    });
    [0, Math.floor((seen.length - 1) / 2), seen.length - 1].forEach((i, n) => {
      say(times[n], seen[i] && (n !== 1 || seen.length > 2) ? at(seen[i]) : "");
    });
    const last = seen[seen.length - 1];
    const told = last ? series.map((one) => `${one.name} ${unit(one.value(last) || 0)}`) : [];
    say(title, `${label}: ${told.join(", ")}`);
  };
  return { node, update };
}

/** What the lines of a plot mean. */
export const legend = (series, make) => series.map((one) => make(one.name, one.tone));
