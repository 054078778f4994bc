// What an operator does: asked for with a name and a reason, done, and told.

import { post, remove } from "./api.js";
import { h, tell } from "./dom.js";
import { t } from "./text.js";

const kept = () => { try { return localStorage.getItem("isogate-who") || ""; } catch { return ""; } };
const keepWho = (who) => { try { localStorage.setItem("isogate-who", who); } catch { /* asked again */ } };

/** Who does it: the name that was given last, else that it was done on this page. */
export const who = () => kept() || "dashboard";

/** What went wrong, and what mends it. */
export const plainly = (error) => [error.message || String(error), error.hint].filter(Boolean).join(": ");

export function complain(error) {
  if (error.name !== "AbortError") tell(plainly(error), true);
}

/** Does something; whether it was done. */
export async function act(path, body, done) {
  try {
    const said = await post(path, body);
    tell(done);
    return said || true;
  } catch (error) { complain(error); return null; }
}

export async function takeAway(path, done) {
  try { await remove(path); tell(done); return true; } catch (error) { complain(error); return false; }
}

/** Asks who does it and why; gives `{who, why}`, or nothing if it is not done after all. */
export function askWhy(title, text, confirm) {
  return new Promise((resolve) => {
    const name = h("input", { required: true, maxlength: 40, value: kept(), autocomplete: "name" });
    const why = h("textarea", { required: true, maxlength: 100, rows: 2 });
    let said = null;
    const dialog = h("dialog", { "aria-labelledby": "why-title", onclose: () => { dialog.remove(); resolve(said); } },
      h("form", { method: "dialog", onsubmit: () => {
        said = { who: name.value.trim(), why: why.value.trim() };
        keepWho(said.who);
      } },
      h("h2", { id: "why-title" }, title), h("p", { class: "soft" }, text),
      h("label", { class: "field" }, t("who does it"), name),
      h("label", { class: "field" }, t("why (it is recorded)"), why),
      h("div", { class: "buttons" },
        h("button", { type: "button", onclick: () => dialog.close() }, t("leave it")),
        h("button", { class: "main" }, confirm))));
    document.body.append(dialog);
    dialog.showModal();
    (name.value ? why : name).focus();
  });
}

/** The three things that can be done about a reversal, as buttons. */
export function reversalButtons(item, after) {
  const button = (name, tone) => h("button", { type: "button", class: tone, onclick: async () => {
    const said = await askWhy(t(`act ${name}`), t(`what ${name} does`), t(`act ${name}`));
    if (!said) return;
    if (await act(`/api/transactions/${item.tx}/${name}`, said, t(`did ${name}`))) after();
  } }, t(`act ${name}`));
  return h("div", { class: "buttons" }, button("reverse", ""), button("park", ""), button("close", ""));
}
