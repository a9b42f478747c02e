// Berline: comfort only. Every page works without this file.
"use strict";

(() => {
  const MEGABYTE = 1024 * 1024;

  // A menu made of <details> closes on Escape (focus goes back) and on a click elsewhere.
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details[data-menu]"));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A form is sent once; coming back with the browser's button makes it usable again.
  let sending = null;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || event.submitter?.matches("[data-no-once]")) return;
    if (form === sending) {
      event.preventDefault();
      return;
    }
    sending = form;
    const button = event.submitter;
    if (button) {
      button.dataset.label = button.innerHTML;
      button.textContent = form.matches("[data-upload]") ? "Envoi en cours…" : "En cours…";
    }
    if (form.matches("[data-upload]")) {
      const bar = document.createElement("progress");
      bar.setAttribute("aria-label", "Envoi du fichier");
      form.append(bar);
    }
  });

  window.addEventListener("pageshow", () => {
    sending = null;
    for (const button of document.querySelectorAll("button[data-label]")) {
      button.innerHTML = button.dataset.label;
      delete button.dataset.label;
    }
    for (const bar of document.querySelectorAll("[data-upload] > progress")) bar.remove();
  });

  // A file that the server would refuse for its weight is refused before it travels.
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches("input[type=file][data-max-mb]")) return;
    const limit = Number(input.dataset.maxMb);
    const file = input.files[0];
    const sentence =
      file && file.size > limit * MEGABYTE
        ? `Ce fichier dépasse ${limit} Mo : réduisez-le ou partagez-le en plusieurs pièces.`
        : file && file.size === 0
          ? "Ce fichier est vide : choisissez-en un autre."
          : "";
    input.setCustomValidity(sentence);
    if (sentence) input.reportValidity();
  });

  // A form with changes that were not saved warns before the page is left.
  const changed = new Set();

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-guard]")) changed.add(form);
  });

  document.addEventListener("submit", (event) => changed.delete(event.target));

  window.addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });

  // The last row of a table of inputs, once something is typed in it, is followed by a new blank one.
  document.addEventListener("input", (event) => {
    const row = event.target.closest("table[data-rows] > tbody > tr:last-child");
    if (!row || !event.target.value) return;
    const name = row.closest("table").dataset.rows;
    const next = row.cloneNode(true);
    for (const input of next.querySelectorAll("input")) {
      const number = Number(input.name.slice(name.length + 1).split("-")[0]);
      input.name = input.name.replace(`${name}-${number}-`, `${name}-${number + 1}-`);
      input.id = input.id.replace(`${name}-${number}-`, `${name}-${number + 1}-`);
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, String(number + 2)));
      input.value = "";
      input.removeAttribute("value");
    }
    row.after(next);
  });

  // What went wrong takes the focus once, so that it is read first.
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-focus]")?.focus();
    if (location.hash.startsWith("#etape-") || location.hash === "#agir") {
      document.querySelector(location.hash)?.scrollIntoView();
    }
  });

  // htmx: an answer that is no page is said in words; a lost session sends to the log-in.
  function say(sentence) {
    const messages = document.getElementById("messages");
    if (!messages) return;
    const notice = document.createElement("div");
    notice.className = "notice notice--bad";
    const text = document.createElement("p");
    text.textContent = sentence;
    notice.append(document.createElement("span"), text);
    messages.replaceChildren(notice);
  }

  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 403 || event.detail.xhr.status === 401) {
      say("Votre session est terminée ou votre rôle ne permet pas cet acte. Rechargez la page.");
    } else {
      say("Le serveur n’a pas pu répondre. Recommencez dans un instant.");
    }
  });

  document.addEventListener("htmx:sendError", () => {
    say("Le serveur ne répond pas. Vérifiez la connexion, puis recommencez.");
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const address = event.detail.xhr.responseURL || "";
    if (address.includes("/compte/login/")) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
})();
