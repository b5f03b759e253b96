// Tells the site around how high the page is, and what has happened on it.
const place = location.ancestorOrigins?.[0] ?? (document.referrer ? new URL(document.referrer).origin : null);

function tell(type, data) {
  if (place && parent !== window) parent.postMessage({ source: "radicale-booking", type, data }, place);
}

new ResizeObserver(() => tell("__dimensionChanged", { height: Math.ceil(document.body.getBoundingClientRect().height) }))
  .observe(document.body);
tell("linkReady", {});
const booked = document.querySelector("[data-booked]");
if (booked) tell(booked.dataset.booked, { uid: booked.dataset.uid, startTime: booked.dataset.start });
