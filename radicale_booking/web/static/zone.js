// Shows the times in the visitor's own zone, as long as none was chosen.
const form = document.querySelector("form[data-zone]");
const here = new URL(location.href);
if (form && !here.searchParams.has("tz")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && zone !== form.dataset.zone) {
    here.searchParams.set("tz", zone);
    location.replace(here);
  }
}
