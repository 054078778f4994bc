// What is looked at stands in the address, so that a link to it can be sent.

/** The address of a view with its filters: `#/search?rrn=…`. */
export function address(view, values = {}) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value != null && value !== false);
  const text = new URLSearchParams(given).toString();
  return `#/${view}${text ? `?${text}` : ""}`;
}

/** The view that is asked for, and its filters. */
export function asked() {
  const [path, text] = location.hash.replace(/^#\/?/, "").split("?");
  return { view: path || "now", values: Object.fromEntries(new URLSearchParams(text || "")) };
}

/** Other filters for the same view, without a new entry in the history. */
export function amend(view, values) {
  const next = address(view, values);
  if (location.hash !== next) history.replaceState(null, "", next);
}
