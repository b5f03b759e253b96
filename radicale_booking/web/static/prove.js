// Solves the form's challenge while the form is filled in; sending waits for it.
const form = document.querySelector("form[data-challenge]");
const challenge = JSON.parse(form.dataset.challenge);
const field = form.elements.altcha;
let sent = null;

const worker = new Worker(form.dataset.solver);
worker.addEventListener("message", event => {
  field.value = btoa(JSON.stringify({ challenge, solution: event.data }));
  worker.terminate();
  if (sent) form.requestSubmit(sent.submitter);
});
worker.postMessage(challenge.parameters);

form.addEventListener("submit", event => {
  if (field.value) return;
  event.preventDefault();
  sent = event;
  form.querySelector("[data-proving]").hidden = false;
});
