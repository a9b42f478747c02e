// Berline: rows of budget lines. Comfort only: both buttons of the rows post the form without this file.
"use strict";

(() => {
  // A fresh blank row after the last one: names, ids and labels with the next number, nothing chosen.
  function addRow(list) {
    const last = list.lastElementChild;
    const name = list.dataset.lineRows;
    const number = Number(last.querySelector("select, input").name.slice(name.length + 1).split("-")[0]);
    const before = `${name}-${number}-`;
    const after = `${name}-${number + 1}-`;
    const row = last.cloneNode(true);
    for (const control of row.querySelectorAll("select, input")) {
      control.name = control.name.replace(before, after);
      control.id = control.id.replace(before, after);
      if (control.matches("select")) {
        control.querySelector("option[data-foreign]")?.remove();
        for (const option of control.options) option.defaultSelected = false;
        control.selectedIndex = 0;
      } else {
        control.value = "";
        control.removeAttribute("value");
      }
    }
    for (const label of row.querySelectorAll("label")) {
      label.htmlFor = label.htmlFor.replace(before, after);
      const words = label.querySelector("[data-row-number]");
      if (words) words.textContent = `, ligne ${list.children.length + 1}`;
    }
    last.after(row);
    return row;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-rows]");
    if (!button) return;
    event.preventDefault();
    const list = button.closest(".line-rows").querySelector("[data-line-rows]");
    const first = addRow(list);
    first.querySelector("select, input").focus();
  });

  // Something chosen in the last row: a blank one follows.
  document.addEventListener("change", (event) => {
    const row = event.target.closest("[data-line-rows] > li:last-child");
    if (row && event.target.value) addRow(row.parentElement);
  });
})();
