// Shows booking pages within another site: <div data-booking="HOST/EVENT-TYPE"> inline, <button data-booking-popup="...">
// in a window above the page, <script ... data-booking-float="..."> behind a button in the corner.
(() => {
  const script = document.currentScript;
  const base = new URL("./", script.src).href;
  const origin = new URL(base).origin;
  const frames = new Map();
  // Names of the button that closes, of the one that opens and of the page.
  const words = {
    en: ["Close", "Book a time", "Booking"], de: ["Schließen", "Termin buchen", "Buchung"],
    es: ["Cerrar", "Reservar una hora", "Reserva"], fr: ["Fermer", "Réserver un horaire", "Réservation"],
    it: ["Chiudi", "Prenota un orario", "Prenotazione"], nl: ["Sluiten", "Een tijd boeken", "Boeking"],
    pt: ["Fechar", "Reservar um horário", "Reserva"], ar: ["إغلاق", "احجز موعدًا", "الحجز"],
  };

  // That of the booking, if the site chose it, of the page around it, or the visitor's.
  function language(element) {
    const spoken = [element.dataset.prefillLang, element.closest("[lang]")?.lang, ...navigator.languages];
    return spoken.map(tag => (tag || "").toLowerCase().split("-")[0]).find(tag => Object.hasOwn(words, tag)) || "en";
  }

  function address(what, element) {
    const url = new URL(`book/${what.replace(/^\/+|\/+$/g, "")}/`, base);
    for (const [name, value] of Object.entries(element.dataset)) {
      const prefill = /^prefill([A-Z]\w*)$/.exec(name);
      if (prefill) url.searchParams.set(prefill[1][0].toLowerCase() + prefill[1].slice(1), value);
    }
    url.searchParams.set("embed", "1");
    return url.href;
  }

  function frame(what, element) {
    const made = document.createElement("iframe");
    made.src = address(what, element);
    made.title = element.dataset.title || element.textContent.trim() || words[language(element)][2];
    Object.assign(made.style, { border: "0", inlineSize: "100%", blockSize: "40rem", colorScheme: "light dark" });
    frames.set(made, element);
    return made;
  }

  function popup(what, element) {
    const dialog = document.createElement("dialog");
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: "×",
      ariaLabel: element.dataset.closeText || words[language(element)][0] });
    Object.assign(dialog.style, { border: "0", borderRadius: "1rem", padding: "0", inlineSize: "min(68rem, 96vw)",
      colorScheme: "light dark", background: "light-dark(#fff, #191f1d)", boxShadow: "0 1rem 4rem #0006" });
    Object.assign(close.style, { position: "sticky", insetBlockStart: "0", display: "block", marginInlineStart: "auto",
      inlineSize: "2.75rem", blockSize: "2.75rem", border: "0", background: "none", color: "inherit",
      font: "1.5rem system-ui", cursor: "pointer" });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", event => event.target === dialog && dialog.close());
    const inner = frame(what, element);
    dialog.ariaLabel = inner.title;
    dialog.addEventListener("close", () => { frames.delete(inner); dialog.remove(); });
    dialog.append(close, inner);
    document.body.append(dialog);
    dialog.showModal();
  }

  addEventListener("message", event => {
    if (event.origin !== origin || event.data?.source !== "radicale-booking") return;
    for (const [made, element] of frames) {
      if (made.contentWindow !== event.source) continue;
      if (event.data.type === "__dimensionChanged") made.style.blockSize = `${event.data.data.height}px`;
      else if (event.data.type === "__closeIframe") made.closest("dialog")?.close();
      else element.dispatchEvent(new CustomEvent(event.data.type, { bubbles: true, detail: event.data.data }));
    }
  });

  function start() {
    for (const element of document.querySelectorAll("[data-booking]")) element.replaceChildren(frame(element.dataset.booking, element));
    document.addEventListener("click", event => {
      const element = event.target.closest("[data-booking-popup]");
      if (!element) return;
      event.preventDefault();
      popup(element.dataset.bookingPopup, element);
    });
    if (script.dataset.bookingFloat) {
      const button = Object.assign(document.createElement("button"), { type: "button",
        textContent: script.dataset.bookingFloatText || words[language(script)][1] });
      Object.assign(button.style, { position: "fixed", insetBlockEnd: "1.25rem", insetInlineEnd: "1.25rem", zIndex: "9999",
        minBlockSize: "3rem", padding: "0.5rem 1.5rem", border: "0", borderRadius: "999px", color: "#fff",
        background: script.dataset.bookingFloatColour || "#0b6b5f", font: "600 1rem system-ui", cursor: "pointer" });
      button.addEventListener("click", () => popup(script.dataset.bookingFloat, script));
      document.body.append(button);
    }
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
