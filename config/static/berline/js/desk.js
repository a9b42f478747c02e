// Berline: keys that spare the mouse, and motives taken up at once. Every page works without this file.
"use strict";

(() => {
  const OFF = "berline-raccourcis-desactives";
  const PLACES = { a: "/", t: "/taches/", d: "/dossiers/" };
  const SECOND_KEY_WITHIN = 1500; // milliseconds between « g » and the next key

  // Where the browser keeps nothing (private window, policy), the keys stay on for the page.
  function switchedOff() {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false;
    }
  }

  let goingSince = 0;

  function rows() {
    const links = [];
    for (const list of document.querySelectorAll("[data-keys]")) {
      for (const row of list.querySelectorAll(":scope > tbody > tr, :scope > li")) {
        const link = row.querySelector("a[href]");
        if (link) links.push(link);
      }
    }
    return links;
  }

  function step(by) {
    const links = rows();
    if (!links.length) return false;
    const current = document.activeElement?.closest("tr, li");
    const place = links.findIndex((link) => current?.contains(link));
    const next = place < 0 ? (by > 0 ? 0 : links.length - 1) : place + by;
    links[Math.min(Math.max(next, 0), links.length - 1)].focus();
    return true;
  }

  function focusSearch() {
    const field = document.querySelector("main input[type=search]") || document.getElementById("recherche-rapide");
    field?.focus();
    field?.select();
    return Boolean(field);
  }

  function claimNext() {
    const button = document.querySelector("[data-claim-next] button");
    button?.click();
    return Boolean(button);
  }

  function act(key) {
    if (goingSince && Date.now() - goingSince < SECOND_KEY_WITHIN) {
      goingSince = 0;
      if (!(key in PLACES)) return false;
      location.assign(PLACES[key]);
      return true;
    }
    goingSince = 0;
    switch (key) {
      case "g":
        goingSince = Date.now();
        return true;
      case "/":
        return focusSearch();
      case "j":
        return step(1);
      case "k":
        return step(-1);
      case "n":
        return claimNext();
      case "?":
        location.assign("/raccourcis/");
        return true;
      default:
        return false;
    }
  }

  document.addEventListener("keydown", (event) => {
    const there = event.target;
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (there.isContentEditable || there.closest?.("input, textarea, select, dialog[open]")) return;
    if (!document.querySelector(".tabs") || switchedOff()) return; // nobody is logged in, or they are not wanted
    if (act(event.key)) event.preventDefault();
  });

  // The switch on the page of the keys.
  function tell() {
    const state = document.querySelector("[data-keys-state]");
    const button = document.querySelector("[data-keys-switch]");
    if (!state || !button) return;
    const off = switchedOff();
    state.textContent = off
      ? "Les raccourcis sont désactivés sur ce navigateur."
      : "Les raccourcis sont actifs sur ce navigateur.";
    button.textContent = off
      ? "Activer les raccourcis sur ce navigateur"
      : "Désactiver les raccourcis sur ce navigateur";
    button.hidden = false;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-keys-switch]")) return;
    try {
      if (switchedOff()) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch {
      // nothing can be kept here: the sentence says what is so
    }
    tell();
  });

  document.addEventListener("DOMContentLoaded", tell);

  // Printing is the browser's; the button is a comfort that appears where it can work.
  function showPrint() {
    for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", showPrint);
  document.addEventListener("htmx:afterSettle", showPrint);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  // A motive is taken up without a round trip; what was typed stays before it.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert-motive]");
    if (!button) return;
    const form = button.closest("form");
    const chosen = form.querySelector("select[name=template]")?.selectedOptions[0];
    const text = form.querySelector("textarea[name=motive]");
    if (!chosen?.dataset.text || !text) return; // nothing chosen: the server says so
    event.preventDefault();
    text.value = text.value.trim() ? `${text.value.trimEnd()}\n\n${chosen.dataset.text}` : chosen.dataset.text;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });
})();
