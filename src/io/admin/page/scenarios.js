// Scenarios: complaints of merchants as stories. One is run, its ladder grows, and what came of it
// stands beside what the catalogue expects.

import { get, post } from "./api.js";
import { amend, address } from "./address.js";
import { h, keep, put, show } from "./dom.js";
import { complain } from "./act.js";
import { grow, picture } from "./ladder.js";
import { lang, t, w } from "./text.js";
import { nextStep, verdict } from "./rows.js";
import { kind, money } from "./words.js";

const own = (item, key) => (lang() === "zh" && item[`${key}_zh`]) || item[key] || "";

function outcome(run) {
  return h("p", { class: "outcome" }, run.passed
    ? h("span", { class: "mood good", "data-sign": "✓" }, t("as the catalogue expects"))
    : h("span", { class: "mood bad", "data-sign": "✕" }, t("not as the catalogue expects")));
}

function told(run) {
  return (run.explain || []).map((one) => h("div", { class: "told-one" },
    h("p", { class: "soft small" }, kind(one.kind), " · ", h("span", { class: "number" }, money(one.amount, one.currency)), ` · ${w("terminal")} `, h("bdi", {}, one.terminal), ` · ${one.state}`),
    h("p", {}, h("b", {}, verdict(one))), h("p", { class: "soft" }, nextStep(one))));
}

export function scenarios(root, values, signal) {
  let all = [], chosen = values.id || "", stop = () => {};
  const find = h("input", { type: "search", placeholder: t("cut off, twice, S1.2 …"), "aria-label": t("look through the scenarios") });
  find.value = values.find || "";
  const list = h("ol", { class: "stories paper", "aria-label": t("scenarios") });
  const pane = h("section", { class: "story", "aria-live": "polite", tabindex: "-1" });
  show(root, h("h1", {}, t("what merchants complain of")), h("p", { class: "lead" }, t("each story is played in the lab's own world, in virtual time; no payment of this gateway is touched")),
    h("div", { class: "stories-and-story" }, h("div", {}, h("div", { class: "sift" }, find), list), pane));
  const keepAddress = () => amend("scenarios", { id: chosen, find: find.value.trim() });

  const run = async (scenario, place, button) => {
    button.disabled = true;
    show(place, h("p", { class: "busy" }, t("it happens…")));
    try {
      const said = await post(`/api/scenarios/${encodeURIComponent(scenario.id)}/run`);
      const drawn = said.ladder && (typeof said.ladder === "string" ? said.ladder : said.ladder[lang() === "zh" ? "zh" : "en"]);
      stop();
      const picture_ = drawn ? picture(drawn) : null;
      show(place, outcome(said), (said.misses || []).map((miss) => h("p", { class: "notice bad small" }, miss)),
        picture_ ? h("div", { class: "paper ladder-paper", tabindex: "0", role: "region", "aria-label": t("what happened") }, picture_) : h("p", { class: "mono small" }, (said.wire || []).join(" · ")), told(said),
        said.money ? h("p", { class: "soft small" }, t("money held in the end: terminal {a}, acquirer {b}", { a: money(said.money.terminal, "156"), b: money(said.money.acquirer, "156") })) : null);
      if (picture_) stop = grow(picture_);
    } catch (error) { show(place); complain(error); }
    button.disabled = false;
  };

  const open = (scenario) => {
    chosen = scenario.id;
    keepAddress();
    stop();
    for (const link of list.querySelectorAll("button")) link.setAttribute("aria-current", String(link.parentElement.dataset.key === chosen));
    const place = h("div", { class: "played" });
    const button = h("button", { type: "button", class: "main", id: "run-scenario", onclick: () => run(scenario, place, button) }, t("let it happen"));
    show(pane, h("p", { class: "soft mono small" }, scenario.id), h("h2", {}, own(scenario, "title")), h("p", { class: "tale" }, own(scenario, "story")),
      h("dl", { class: "pairs" }, scenario.faults && scenario.faults.length ? [h("dt", {}, t("what goes wrong")), h("dd", { class: "mono" }, scenario.faults.join(", "))] : null,
        scenario.class && (lang() === "en" || scenario.class_zh) ? [h("dt", {}, t("expected")), h("dd", {}, own(scenario, "class"))] : null), h("div", { class: "buttons" }, button), place);
  };

  const sift = () => {
    keepAddress();
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (one) => words.every((word) => `${one.id} ${one.title} ${one.title_zh} ${one.story} ${one.story_zh} ${(one.faults || []).join(" ")}`.toLowerCase().includes(word));
    keep(list, all.filter(fits), (one) => one.id, (one) => h("li", {}, h("button", { type: "button", "aria-current": String(one.id === chosen), onclick: () => open(one) },
      h("span", { class: "mono soft small" }, one.id), h("span", {}, own(one, "title")))));
  };
  find.addEventListener("input", sift);
  get("/api/scenarios", signal).then((said) => {
    all = Array.isArray(said) ? said : said.items || [];
    sift();
    const first = all.find((one) => one.id === chosen) || all.find((one) => one.id === "S1.2") || all[0];
    if (first) open(first);
    const link = list.querySelector('[aria-current="true"]');
    if (link) list.scrollTop = link.offsetTop - list.offsetTop - 60;
  }).catch(complain);
  return () => stop();
}
