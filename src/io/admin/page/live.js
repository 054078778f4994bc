// What is going on now: the gateway's state, the last minutes' figures, the latest payments. One
// stream feeds all views; they are told at most twice a second, and not at all while nobody looks.

import { every, get, listen } from "./api.js";

/** Payments that are kept; the rest is in the journal. */
const KEPT = 120;
/** Points of the figures that are kept: ten minutes. */
const POINTS = 600;
/** How often views are told, in milliseconds. */
const PACE = 500;

export const live = {
  state: null, connected: false, points: [], step: 1, openMoney: null, faults: [],
  latest: new Map(), wrong: new Map(), left: 0, ahead: 0,
  // What could not be read is told as that, and never shown as empty.
  unread: { payments: null, faults: null, figures: null }, moneyAt: null,
};

const heard = new Set();
let told = null;

/** Calls back after each change, until the function it gives is called. */
export function watch(callback) {
  heard.add(callback);
  return () => heard.delete(callback);
}

/** What time it is at the gateway. */
export const now = () => Date.now() + live.ahead;

function changed() {
  if (told) return;
  told = setTimeout(() => {
    told = null;
    if (document.hidden) return;
    requestAnimationFrame(() => { for (const callback of [...heard]) callback(live); });
  }, PACE);
}

/** Keeps the newest few of a map, by the order of coming. */
function keepIn(map, key, value, most) {
  map.delete(key);
  map.set(key, value);
  while (map.size > most) map.delete(map.keys().next().value);
}

let isWrong = () => false;

/** Says which payments are kept longer, since people want to see them. */
export const keepWrong = (test) => { isWrong = test; };

/** Takes in a payment, new or changed. */
export function take(item) {
  if (!item || !item.tx) return;
  const known = live.latest.get(item.tx);
  if (known) live.latest.set(item.tx, item);
  else keepIn(live.latest, item.tx, item, KEPT);
  if (isWrong(item)) {
    if (live.wrong.has(item.tx)) live.wrong.set(item.tx, item);
    else keepIn(live.wrong, item.tx, item, KEPT);
  } else if (live.wrong.has(item.tx)) live.wrong.set(item.tx, item);
}

function point(figures) {
  const last = live.points[live.points.length - 1];
  if (last && last.at >= figures.at) return;
  live.points.push(figures);
  if (live.points.length > POINTS) live.points.splice(0, live.points.length - POINTS);
}

/** Takes in the money that is open, and the moment of which that is true. */
function openMoney(said) {
  if (!said.open_money) return;
  live.openMoney = said.open_money;
  live.moneyAt = said.open_money_at || null;
}

const EVENTS = {
  transaction: take,
  figures: point,
  link: (said) => { if (live.state && said.links) live.state.links = said.links; },
  fault: (said) => { if (said.active) live.faults = said.active; },
  alarm: () => refresh(),
  lagged: (said) => { live.left += said.count || 0; },
};

/** Reads the state anew. */
export async function refresh() {
  try {
    live.state = await get("/api/state");
    if (live.state.now) live.ahead = Date.parse(live.state.now) - Date.now();
    live.failed = null;
  } catch (error) { live.failed = error; }
  changed();
}

/** Reads the faults that are on anew. */
export async function refreshFaults() {
  try {
    live.faults = (await get("/api/faults")).active || [];
    live.unread.faults = null;
  } catch (error) { live.unread.faults = error; }
  changed();
}

async function figures() {
  try {
    const said = await get("/api/figures?last=10m");
    live.step = said.step_seconds || 1;
    live.points = (said.points || []).slice(-POINTS);
    openMoney(said);
    live.unread.figures = null;
  } catch (error) { live.unread.figures = error; }
  changed();
}

async function latest() {
  let failed = null;
  for (const path of ["/api/transactions?limit=50", "/api/open?limit=50"]) {
    try {
      const said = await get(path);
      for (const item of [...(said.items || [])].sort((a, b) => (a.tx < b.tx ? -1 : 1))) take(item);
    } catch (error) { failed = error; }
  }
  live.unread.payments = failed;
  changed();
}

/** Begins; once. */
export function begin() {
  refresh();
  figures();
  latest();
  refreshFaults();
  listen((name, data) => { if (EVENTS[name]) { EVENTS[name](data); changed(); } }, (on) => {
    if (on && live.connected === false && live.points.length) { refresh(); figures(); latest(); }
    live.connected = on;
    changed();
  });
  every(2000, refresh);
  every(3000, refreshFaults);
  every(5000, async () => { if (live.unread.payments) await latest(); });
  // Ages grow and the money that is open changes without any event of its own.
  every(2000, async () => {
    try {
      const said = await get("/api/figures?last=2s");
      for (const one of said.points || []) point(one);
      openMoney(said);
      live.unread.figures = null;
    } catch (error) { live.unread.figures = error; }
    changed();
  });
  document.addEventListener("visibilitychange", changed);
}
