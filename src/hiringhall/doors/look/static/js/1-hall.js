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
  const isTyped = (part) => [...part.querySelectorAll("input, textarea")].some((one) =>
    one.type === "radio" || one.type === "checkbox"
      ? one.checked !== one.defaultChecked
      : one.type !== "hidden" && one.value !== one.defaultValue);
  const renewOthers = () => {
    for (const part of document.querySelectorAll("[data-renews]"))
      if (!isTyped(part)) part.dispatchEvent(new Event("hall:moved"));
  };
  const renew = () => {
    const now = document.getElementById("now");
    if (!now) return;
    if (isTyped(now)) now.querySelector("[data-moved]").hidden = false;
    else now.dispatchEvent(new Event("hall:moved", { bubbles: true }));
  };
  document.addEventListener("hall:news", renew);
  let soon, later;
  // A line that is lost for a moment is nobody's matter; for longer, what stands here may be old.
  const watch = (source) => {
    let lost, wasLost = false;
    const say = (name, is) => {
      const told = document.querySelector(`[data-${name}]`);
      if (told) told.hidden = !is;
    };
    source.addEventListener("error", () => {
      lost = lost || setTimeout(() => {
        wasLost = true;
        say("lost", true);
        say("back", false);
      }, 4000);
    });
    source.addEventListener("open", () => {
      clearTimeout(lost);
      lost = undefined;
      if (!wasLost) return;
      wasLost = false;
      say("lost", false);
      say("back", true);
      setTimeout(() => say("back", false), 8000);
      renew();
      renewOthers();
    });
  };
  if (log && window.EventSource) {
    const source = new EventSource(log.dataset.live);
    watch(source);
    source.addEventListener("message", (event) => {
      if (document.getElementById(`event-${event.lastEventId}`)) return;
      log.insertAdjacentHTML("afterbegin", event.data);
      log.firstElementChild.classList.add("new");
      tell(log);
      clearTimeout(soon);
      soon = setTimeout(renew, 100);
      clearTimeout(later);
      later = setTimeout(renewOthers, 600);
    });
    addEventListener("pagehide", () => source.close());
  }
  // Who works on somebody else's task is not told its log, only that there is news.
  const news = document.querySelector("[data-news]");
  if (news && window.EventSource) {
    const source = new EventSource(news.dataset.news);
    watch(source);
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
