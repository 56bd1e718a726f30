// A team's board: a card that is dragged to a column is moved there by its own form. Who drags holds
// the board as it is: what others did meanwhile is shown when the card is let go.
"use strict";
(() => {
  if (!document.querySelector("[data-board]")) return;
  let card = null, waits = false;
  const columnAt = (event) => event.target.closest && event.target.closest("[data-column]");
  const mayDrag = () => {
    for (const one of document.querySelectorAll("[data-card]")) one.draggable = true;
  };
  mayDrag();
  document.addEventListener("htmx:after:swap", mayDrag);
  document.addEventListener("htmx:before:swap", (event) => {
    if (!card) return;
    event.preventDefault();
    waits = true;
  });
  document.addEventListener("dragstart", (event) => {
    card = event.target.closest && event.target.closest("[data-card]");
    if (!card) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.id);
    card.classList.add("dragged");
  });
  document.addEventListener("dragend", () => {
    if (!card) return;
    card.classList.remove("dragged");
    card = null;
    if (waits) document.getElementById("board").dispatchEvent(new Event("hall:moved"));
    waits = false;
  });
  document.addEventListener("dragover", (event) => {
    const column = columnAt(event);
    if (!card || !column || column.contains(card)) return;
    event.preventDefault();
    column.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    const column = columnAt(event);
    if (column && !column.contains(event.relatedTarget)) column.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    const column = columnAt(event);
    if (column) column.classList.remove("over");
    if (!card || !column || column.contains(card)) return;
    event.preventDefault();
    card.querySelector("select").value = column.dataset.column;
    card.closest("form").requestSubmit(card.querySelector("button"));
  });
  // Who moved a card by its form goes on at that card.
  const moved = document.querySelector("[data-card]:target a");
  if (moved) moved.focus();
})();
