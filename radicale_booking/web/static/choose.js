// Days, months and weeks change in place, and what is left of the seats stays true. Without this the links just load.
const content = document.querySelector("#content");
// Where in the new page the focus goes, by the part of the old one in which a link was followed.
const FOCUS = { td: ["#times-title"], ".durations": [".durations [aria-current]"], ".zone": [".clock"],
  ".views": [".views [aria-current]", "#month-title"], ".month-head": ["#month-title"] };
let asked = null;
document.documentElement.classList.add("scripted");

// Whoever uses a keyboard stays where they are: at ``focus``, the first of the selectors that the new page shows, or at
// the link that they were at.
async function show(url, ...focus) {
  asked?.abort();
  asked = new AbortController();
  const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-choice]");
  if (!fresh || !answer.ok) throw new Error("another page");
  const old = document.querySelector("[data-choice]");
  const at = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  old.replaceWith(fresh);
  document.querySelector("footer").replaceWith(page.querySelector("footer"));
  document.title = page.title;
  if (at) focus.push(`[data-choice] a[href="${CSS.escape(at)}"]`, "#times-title", "#month-title");
  const next = focus.map(selector => document.querySelector(selector)).find(found => found?.checkVisibility());
  if (next?.matches("h2")) next.setAttribute("tabindex", "-1");
  next?.focus();
  return old.querySelector("[data-free]").textContent !== fresh.querySelector("[data-free]").textContent;
}

content.addEventListener("click", event => {
  const link = event.target.closest("[data-choice] :is(td, .month-head, .durations, .zone) a");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const [, focus] = Object.entries(FOCUS).find(([part]) => link.closest(part));
  show(link.href, ...focus).then(() => history.pushState(null, "", link.href), otherwise(() => location.assign(link.href)));
});

// The zone and the clock change at once; the button is for those without scripts.
content.addEventListener("change", event => {
  const zones = event.target.closest("[data-choice] form[data-zone]");
  if (!zones) return;
  const there = new URL(location.pathname, location);
  there.search = new URLSearchParams(new FormData(zones));
  show(there.href, "#tz").then(() => history.pushState(null, "", there), otherwise(() => location.assign(there)));
});

// Who goes on before the answer has come asks for something else.
function otherwise(load) {
  return error => {
    if (error.name !== "AbortError") load();
  };
}

addEventListener("popstate", () => show(location.href).catch(otherwise(() => location.reload())));

setInterval(() => {
  const idle = document.visibilityState === "visible" && !content.contains(document.activeElement?.closest("form"));
  if (idle && document.querySelector("[data-seats]")) show(location.href).then(tell, () => {});
}, 30000);

function tell(changed) {
  const told = document.querySelector("[data-told]");
  told.textContent = "";
  if (changed) told.textContent = told.dataset.told;
}
