// What the gateway is asked, and what it tells by itself. A token, where one is wanted, is kept for
// this window only.

const KEY = "isogate-token";

/** What went wrong, with what the gateway says about mending it. */
export class Refused extends Error {
  constructor(status, said) {
    super((said && said.error) || `HTTP ${status}`);
    this.status = status;
    this.hint = (said && said.hint) || "";
  }
}

export const token = {
  get: () => { try { return sessionStorage.getItem(KEY) || ""; } catch { return ""; } },
  set: (value) => { try { sessionStorage.setItem(KEY, value); } catch { /* for this page only */ } },
};

function headers(more) {
  const own = token.get();
  return own ? { ...more, Authorization: `Bearer ${own}` } : more;
}

/** How long an answer may take: what never comes must not keep the next question from being asked. */
const PATIENCE = { GET: 15_000, other: 60_000 };

async function ask(method, path, body, given) {
  const patience = AbortSignal.timeout(PATIENCE[method] ?? PATIENCE.other);
  const signal = given ? AbortSignal.any([given, patience]) : patience;
  const options = { method, signal, headers: headers({ Accept: "application/json" }) };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  return said(await answered(path, options));
}

/** The document of an answer, if it is one. */
async function said(answer) {
  const text = await answer.text();
  try { return text ? JSON.parse(text) : null; } catch { return null; }
}

/** An answer that is no refusal; of a refusal what the gateway says about it. */
async function answered(path, options) {
  const answer = await fetch(path, options);
  if (answer.ok) return answer;
  if (answer.status === 401) window.dispatchEvent(new Event("isogate-token"));
  throw new Refused(answer.status, await said(answer));
}

export const get = (path, signal) => ask("GET", path, undefined, signal);
export const post = (path, body = {}) => ask("POST", path, body);
export const replace = (path, body) => ask("PUT", path, body);
export const remove = (path) => ask("DELETE", path);

/** A file or a picture, as text or as bytes. */
export const fetched = (path, signal) => answered(path, { signal, headers: headers({}) });

/** Does something again and again, never twice at once, and not while nobody looks; until stopped. */
export function every(pause, act) {
  let on = true;
  (async () => {
    while (on) {
      await new Promise((done) => setTimeout(done, pause));
      if (on && !document.hidden) await act();
    }
  })();
  return () => { on = false; };
}

/** A query of an address, without what is empty. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(given).toString();
  return text ? `?${text}` : "";
}

/** Saves a file under a name; by a link where no token is needed for it. */
export async function save(path, name) {
  const blob = await (await fetched(path)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const LONGEST_PAUSE = 10000;

/** Hears events until it is stopped: `heard(name, data)`; `connected(bool)` as the line comes and goes. */
export function listen(heard, connected) {
  const stop = new AbortController();
  (async () => {
    for (let pause = 500; !stop.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        const answer = await fetched("/api/events", stop.signal);
        connected(true);
        pause = 500;
        await read(answer.body.getReader(), heard);
      } catch { /* tried again below */ }
      if (stop.signal.aborted) return;
      connected(false);
      await new Promise((done) => setTimeout(done, pause));
    }
  })();
  return () => stop.abort();
}

async function read(reader, heard) {
  const decoder = new TextDecoder();
  let kept = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    kept += decoder.decode(value, { stream: true });
    const blocks = kept.split(/\r?\n\r?\n/);
    kept = blocks.pop();
    for (const block of blocks) event(block, heard);
  }
}

function event(block, heard) {
  let name = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
  }
  if (!data.length) return;
  try { heard(name, JSON.parse(data.join("\n"))); } catch { /* not for us */ }
}
