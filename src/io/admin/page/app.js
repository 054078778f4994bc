// The frame of the page: which view is shown, in which language and theme.

import { h, show, say, tell, keep } from "./dom.js";
import { asked, address } from "./address.js";
import { lang, setLang, t } from "./text.js";
import { token } from "./api.js";
import { begin, keepWrong, live, watch } from "./live.js";
import { mood, wrong } from "./words.js";
import { now } from "./now.js";
import { open } from "./open.js";
import { transaction } from "./transaction.js";
import { search } from "./search.js";
import { faults } from "./faults.js";
import { scenarios } from "./scenarios.js";
import { findings } from "./findings.js";
import { recon } from "./recon.js";

const VIEWS = { now, open, search, faults, scenarios, findings, recon, transaction };
const LISTED = ["now", "open", "search", "faults", "scenarios", "findings", "recon"];

let leave = () => {};
let shown = null;

function choose(name, values, current, pick) {
  return h("div", { class: "switch", role: "group", "aria-label": t(name) }, values.map(([value, text, label]) =>
    h("button", { type: "button", "aria-pressed": String(current === value), title: label, "aria-label": label,
      lang: value === "zh" ? "zh-CN" : null, onclick: () => pick(value) }, text)));
}

function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("isogate-theme", theme); } catch { /* for this page only */ }
  top();
}

/** The number of payments that somebody should look at. */
function openCount() {
  const rows = (live.openMoney || []).filter((row) => row.class !== "under_way");
  return rows.reduce((sum, row) => sum + row.count, 0);
}

function top() {
  const { view } = asked();
  const theme = document.documentElement.dataset.theme || "system";
  const badge = h("span", { class: "count", id: "open-count", hidden: true });
  show(document.getElementById("top"), h("div", { class: "top" },
    h("a", { class: "brand", href: address("now") },
      h("img", { src: "/page/icon.svg", alt: "" }), "isogate", h("span", { class: "of", id: "gateway-name" })),
    h("nav", { class: "views", "aria-label": t("views") }, LISTED.map((name) =>
      h("a", { href: address(name), "aria-current": name === view ? "page" : null }, t(`view ${name}`),
        name === "open" ? badge : null))),
    h("div", { class: "choices" },
      choose("theme", [["light", "\u2600", t("light")], ["system", "\u25d0", t("as the system")], ["dark", "\u263e", t("dark")]], theme, setTheme),
      choose("language", [["en", "EN", "English"], ["zh", "中文", "中文"]], lang(), (code) => { setLang(code); draw(); }))));
  const current = document.querySelector(".views [aria-current]");
  if (current && current.parentElement.scrollWidth > current.parentElement.clientWidth) {
    current.parentElement.scrollLeft = current.offsetLeft - 60;
  }
  topMoves();
}

function topMoves() {
  const badge = document.getElementById("open-count");
  const open = openCount();
  badge.hidden = open === 0;
  say(badge, open > 999 ? "999+" : String(open));
  badge.setAttribute("aria-label", t("{n} open", { n: open }));
  say(document.getElementById("gateway-name"), live.state ? (live.state.lab ? t("lab") : live.state.name || "") : "");
}

/** What must be known in every view: no connection, draining, a full disk, a failed journal. */
function notices() {
  const said = [];
  const state = live.state || {};
  if (live.failed) said.push(["bad", t("the gateway does not answer; what is shown is as it was")]);
  if (state.failed) said.push(["bad", t("the journal failed: the gateway takes nothing on")]);
  if (state.disk && state.disk !== "well") said.push(["bad", t("the disk is almost full")]);
  if (state.draining) said.push(["", t("the gateway is going down: it takes nothing new on")]);
  return said;
}

function frame() {
  const main = document.getElementById("main");
  const place = h("div", { id: "notices" });
  const view = h("div", { id: "view" });
  show(main, place, view);
  return { place, view };
}

function tellNotices(place) {
  keep(place, notices(), (one) => one[1], ([tone, ...texts]) =>
    h("p", { class: `notice ${tone}` }, texts.filter(Boolean).join(" ")));
}

function draw() {
  const { view, values } = asked();
  const act = VIEWS[view] || now;
  leave();
  document.getElementById("skip").textContent = t("skip to the content");
  document.title = `${t(`view ${VIEWS[view] ? view : "now"}`)} · isogate`;
  top();
  const parts = frame();
  const stop = new AbortController();
  const clean = act(parts.view, values, stop.signal) || (() => {});
  const unwatch = watch(() => { topMoves(); tellNotices(parts.place); });
  tellNotices(parts.place);
  leave = () => { stop.abort(); clean(); unwatch(); };
  if (shown !== null && shown !== view) { window.scrollTo(0, 0); document.getElementById("main").focus({ preventScroll: true }); }
  shown = view;
}

function askToken() {
  if (document.querySelector("dialog.token")) return;
  const input = h("input", { type: "password", autocomplete: "off", required: true });
  const dialog = h("dialog", { class: "token" }, h("form", { method: "dialog",
    onsubmit: () => { token.set(input.value.trim()); location.reload(); } },
    h("h2", {}, t("this gateway wants a token")),
    h("p", { class: "soft" }, t("it stands in the file that [admin] tokens names")),
    h("label", { class: "field" }, t("token"), input),
    h("div", { class: "buttons" }, h("button", { class: "main" }, t("go on")))));
  document.body.append(dialog);
  dialog.showModal();
}

window.addEventListener("hashchange", draw);
window.addEventListener("isogate-token", askToken);
window.addEventListener("unhandledrejection", (event) => {
  if (event.reason && event.reason.name === "AbortError") event.preventDefault();
  else tell(String((event.reason && event.reason.message) || event.reason), true);
});
keepWrong((item) => wrong(item) && mood(item).word !== "under way");
draw();
begin();
