// The pages' own script: times in the reader's zone, and a task as it goes on.
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

  // A task's log: each new line is put on top, and what the task waits for is asked for anew, unless
  // somebody is typing there: then the page says that there is news.
  const log = document.querySelector("[data-live]");
  const renew = () => {
    const now = document.getElementById("now");
    if (!now) return;
    const typed = [...now.querySelectorAll("input, textarea")].some((one) =>
      one.type === "radio" || one.type === "checkbox"
        ? one.checked !== one.defaultChecked
        : one.type !== "hidden" && one.value !== one.defaultValue);
    if (typed) now.querySelector("[data-moved]").hidden = false;
    else now.dispatchEvent(new Event("hall:moved", { bubbles: true }));
  };
  document.addEventListener("hall:news", renew);
  let soon;
  if (log && window.EventSource) {
    const source = new EventSource(log.dataset.live);
    source.addEventListener("message", (event) => {
      if (document.getElementById(`event-${event.lastEventId}`)) return;
      log.insertAdjacentHTML("afterbegin", event.data);
      log.firstElementChild.classList.add("new");
      tell(log);
      clearTimeout(soon);
      soon = setTimeout(renew, 100);
    });
    addEventListener("pagehide", () => source.close());
  }
  // Who works on somebody else's task is not told its log, only that there is news.
  const news = document.querySelector("[data-news]");
  if (news && window.EventSource) {
    const source = new EventSource(news.dataset.news);
    source.addEventListener("message", () => {
      clearTimeout(soon);
      soon = setTimeout(renew, 100);
    });
    addEventListener("pagehide", () => source.close());
  }
  // The end of a log that grows is kept in view, unless somebody has gone up in it.
  const left = new WeakSet();
  const follow = () => {
    for (const lines of document.querySelectorAll("[data-end]"))
      if (!left.has(lines)) lines.scrollTop = lines.scrollHeight;
  };
  document.addEventListener("scroll", ({ target }) => {
    if (!target.matches || !target.matches("[data-end]")) return;
    const isAtEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 40;
    if (isAtEnd) left.delete(target);
    else left.add(target);
  }, true);
  follow();
  document.addEventListener("htmx:after:swap", () => {
    tell(document);
    follow();
  });
  const wrong = document.querySelector("[aria-invalid=true], [data-wrong]");
  if (wrong) wrong.focus();
})();
