// A team's board: a card that is dragged to a column is moved there by its own form.
"use strict";
(() => {
  const board = document.querySelector("[data-board]");
  if (!board) return;
  let card = null;
  for (const one of board.querySelectorAll("[data-card]")) {
    one.draggable = true;
    one.addEventListener("dragstart", (event) => {
      card = one;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", one.id);
      one.classList.add("dragged");
    });
    one.addEventListener("dragend", () => {
      one.classList.remove("dragged");
      card = null;
    });
  }
  for (const column of board.querySelectorAll("[data-column]")) {
    column.addEventListener("dragover", (event) => {
      if (!card || column.contains(card)) return;
      event.preventDefault();
      column.classList.add("over");
    });
    column.addEventListener("dragleave", (event) => {
      if (!column.contains(event.relatedTarget)) column.classList.remove("over");
    });
    column.addEventListener("drop", (event) => {
      column.classList.remove("over");
      if (!card || column.contains(card)) return;
      event.preventDefault();
      card.querySelector("select").value = column.dataset.column;
      board.requestSubmit(card.querySelector("button"));
    });
  }
})();
