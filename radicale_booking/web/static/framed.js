// Tells the site around how high the page is and what has happened on it: one that the configuration names, for within
// others the browser shows no page.
function tell(type, data) {
  if (parent !== window) parent.postMessage({ source: "radicale-booking", type, data }, "*");
}

new ResizeObserver(() => tell("__dimensionChanged", { height: Math.ceil(document.body.getBoundingClientRect().height) }))
  .observe(document.body);
addEventListener("keydown", event => event.key === "Escape" && tell("__closeIframe", {}));
tell("linkReady", {});
const booked = document.querySelector("[data-booked]");
if (booked) tell(booked.dataset.booked, { uid: booked.dataset.uid, startTime: booked.dataset.start });
