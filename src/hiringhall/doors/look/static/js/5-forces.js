// A Task Force as it stands: where something has happened it is shown anew, unless somebody is
// typing there: then the page says that there is news.
"use strict";
(() => {
  const EVERY_MS = 5000;
  const typed = (root) => [...root.querySelectorAll("input, textarea")].some((one) =>
    one.type === "radio" || one.type === "checkbox"
      ? one.checked !== one.defaultChecked
      : one.type !== "hidden" && one.value !== one.defaultValue);
  const look = async () => {
    const force = document.querySelector("[data-stands]");
    if (!force || document.hidden) return;
    try {
      const answer = await fetch(force.dataset.stands, { redirect: "error" });
      if (answer.status !== 200) return;
    } catch {
      return;
    }
    if (typed(force)) force.querySelector("[data-moved]").hidden = false;
    else force.dispatchEvent(new Event("hall:moved", { bubbles: true }));
  };
  if (document.querySelector("[data-stands]")) setInterval(look, EVERY_MS);
})();
