// Tasks: files that are too large are said to be, answers in one's own words, time that is left.
"use strict";
(() => {
  // Files that are too large are said to be before they are sent, and the form stays: afterwards
  // they would have to be chosen again.
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.matches("input[type=file][data-most]")) return;
    const bytes = [...field.files].reduce((sum, file) => sum + file.size, 0);
    const wrong = bytes > Number(field.dataset.most) ? field.dataset.tooLarge : "";
    field.setCustomValidity(wrong);
    field.setAttribute("aria-invalid", String(Boolean(wrong)));
    const told = document.getElementById(`${field.id}-wrong`);
    told.textContent = wrong;
    told.hidden = !wrong;
  });

  // A text of one's own is the choice "Other", and the other way round. Who chooses something else
  // has the text put aside, and finds it again under "Other".
  const parts = (field) => {
    const group = field.closest("fieldset[data-choice]");
    return group && {
      tick: group.querySelector("input[value=other]"),
      own: group.querySelector("[data-other]"),
    };
  };
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-other]")) return;
    const { tick, own } = parts(event.target);
    if (own.value.trim()) tick.checked = true;
  });
  document.addEventListener("change", (event) => {
    const found = !event.target.matches("[data-other]") && parts(event.target);
    if (!found) return;
    const { tick, own } = found;
    if (!tick.checked && own.value) {
      own.dataset.kept = own.value;
      own.value = "";
    } else if (tick.checked && !own.value && own.dataset.kept) {
      own.value = own.dataset.kept;
    }
    if (event.target === tick && tick.checked) own.focus();
  });

  const left = (ms) => {
    if (ms <= 0) return "0:00";
    const s = Math.floor(ms / 1000);
    const two = (n) => String(n).padStart(2, "0");
    const days = Math.floor(s / 86400), hours = Math.floor(s / 3600) % 24;
    const clock = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    return `${days ? `${days} d ` : ""}${days || hours ? `${two(hours)}:` : ""}${clock}`;
  };
  const count = () => {
    for (const time of document.querySelectorAll("time[data-until]")) {
      let told = time.nextElementSibling;
      if (!told || !told.classList.contains("left")) {
        told = document.createElement("span");
        told.className = "left chip";
        told.setAttribute("aria-hidden", "true");
        time.after(" ", told);
      }
      told.textContent = left(new Date(time.dateTime) - Date.now());
    }
  };
  if (document.querySelector("time[data-until]")) {
    count();
    setInterval(count, 1000);
  }
})();
