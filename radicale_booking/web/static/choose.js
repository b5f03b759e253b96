// Days, months and weeks change in place, and what is left of the seats stays true. Without this the links just load.
const content = document.querySelector("#content");
let asked = null;
document.documentElement.classList.add("scripted");

async function show(url, focus) {
  asked?.abort();
  asked = new AbortController();
  const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-choice]");
  if (!fresh || !answer.ok) throw new Error("another page");
  document.querySelector("[data-choice]").replaceWith(fresh);
  document.querySelector("footer").replaceWith(page.querySelector("footer"));
  document.title = page.title;
  if (focus) {
    const heading = document.querySelector(focus);
    if (!heading?.matches("select")) heading?.setAttribute("tabindex", "-1");
    heading?.focus();
  }
}

content.addEventListener("click", event => {
  const link = event.target.closest("[data-choice] :is(td, .month-head, .durations, .views, .zone) a");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const focus = link.closest("td") ? "#times-title" : link.closest(".month-head") ? "#month-title" : null;
  show(link.href, focus).then(() => history.pushState(null, "", link.href), otherwise(() => location.assign(link.href)));
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

addEventListener("popstate", () => show(location.href, null).catch(otherwise(() => location.reload())));

setInterval(() => {
  const idle = document.visibilityState === "visible" && !content.contains(document.activeElement?.closest("form"));
  if (idle && document.querySelector("[data-seats]")) show(location.href, null).catch(() => {});
}, 30000);
