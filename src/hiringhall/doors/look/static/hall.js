// The pages' own script: times in the reader's zone, and a guard for what was typed.
"use strict";
(() => {
  const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const tell = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.title = time.textContent;
      time.textContent = zone.format(at);
    }
  };
  tell(document);
  document.addEventListener("hall:shown", (event) => tell(event.target));
  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();
})();
