// The pages' own script: times in the reader's zone, and what goes on while a page is open.
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

  // What is shown anew while somebody types or chooses there stays as it is: `#now` as a whole, and
  // the page says that there is news; of what renews by its parts, each part by itself.
  const isChosen = (select) => {
    const first = [...select.options].findLastIndex((one) => one.defaultSelected);
    return select.options.length > 0 && select.selectedIndex !== Math.max(first, 0);
  };
  // What was refused is kept, too: there it stands as if it had always been there.
  const isTyped = (part) => part.dataset.part === "kept" || [...part.querySelectorAll("input, textarea, select")].some((one) => {
    if (one.type === "radio" || one.type === "checkbox") return one.checked !== one.defaultChecked;
    if (one.localName === "select") return isChosen(one);
    return one.type !== "hidden" && one.value !== one.defaultValue;
  });
  const sayMoved = (part) => {
    const told = part.querySelector("[data-moved]");
    if (told) told.hidden = false;
  };
  const renewOthers = () => {
    for (const part of document.querySelectorAll("[data-renews]"))
      if (part.dataset.renews === "parts" || !isTyped(part))
        part.dispatchEvent(new Event("hall:moved"));
  };
  const renew = () => {
    const now = document.getElementById("now");
    if (!now) return;
    if (isTyped(now)) sayMoved(now);
    else now.dispatchEvent(new Event("hall:moved", { bubbles: true }));
  };
  const say = (name, is) => {
    const told = document.querySelector(`[data-${name}]`);
    if (told) told.hidden = !is;
  };

  // A stream of the hall's, taken up where it broke off. A line that is lost for a moment is nobody's
  // matter; for longer, what stands here may be old. Nobody looks at a hidden page: after a while
  // it leaves its line to others, of which a browser has six for all its pages.
  const UNSEEN_MS = 30000, REFUSED_MS = 5000, REFUSED_MOST_MS = 300000;
  const listen = (address, hears, isRefused = () => {}) => {
    const at = new URL(address, location.href);
    let source, lost, again, aside, wasLost = false, wait_ms = REFUSED_MS;
    const begin = () => {
      source = new EventSource(at);
      for (const kind of ["message", "news", "gone"])
        source.addEventListener(kind, (event) => {
          if (event.lastEventId) at.searchParams.set("after", event.lastEventId);
          hears(event);
        });
      source.addEventListener("error", () => {
        lost = lost || setTimeout(() => {
          wasLost = true;
          say("lost", true);
          say("back", false);
        }, 4000);
        if (source.readyState !== EventSource.CLOSED) return;
        // Refused, not broken off: a browser does not try that again by itself.
        isRefused();
        again = setTimeout(begin, wait_ms);
        wait_ms = Math.min(wait_ms * 2, REFUSED_MOST_MS);
      });
      source.addEventListener("open", () => {
        clearTimeout(lost);
        lost = undefined;
        wait_ms = REFUSED_MS;
        if (!wasLost) return;
        wasLost = false;
        say("lost", false);
        say("back", true);
        setTimeout(() => say("back", false), 8000);
        renew();
        renewOthers();
      });
    };
    const leave = () => {
      for (const one of [lost, again, aside]) clearTimeout(one);
      lost = aside = undefined;
      source.close();
      source = undefined;
    };
    const comeBack = () => {
      clearTimeout(aside);
      aside = undefined;
      if (source) return;
      begin();
      renew();
      renewOthers();
    };
    const look = () => {
      if (!document.hidden) comeBack();
      else if (source) aside = aside || setTimeout(leave, UNSEEN_MS);
    };
    begin();
    look();
    document.addEventListener("visibilitychange", look);
    addEventListener("pagehide", () => source && leave());
    addEventListener("pageshow", comeBack);
  };
  let soon, later;
  const hasMoved = () => {
    clearTimeout(soon);
    soon = setTimeout(renew, 100);
    clearTimeout(later);
    later = setTimeout(renewOthers, 250);
  };
  // A task's log: each new line is put on top.
  const log = document.querySelector("[data-live]");
  // Of whatever else is shown beside it comes news.
  if (log && window.EventSource)
    listen(log.dataset.live, (event) => {
      if (event.type === "news") return hasMoved();
      if (document.getElementById(`event-${event.lastEventId}`)) return;
      log.insertAdjacentHTML("afterbegin", event.data);
      log.firstElementChild.classList.add("new");
      tell(log);
      hasMoved();
    });
  // Others are not told the log, only that there is news.
  const news = document.querySelector("[data-news]");
  const isGone = (is) => {
    if (document.querySelector("[data-gone]")) say("gone", is);
  };
  if (news && window.EventSource)
    listen(news.dataset.news, (event) => {
      isGone(event.type === "gone");
      if (event.type !== "gone") hasMoved();
    }, async () => {
      const now = document.querySelector("#now[hx-get]");
      const answer = now && await fetch(now.getAttribute("hx-get")).catch(() => null);
      if (answer) isGone(answer.status === 404);
    });

  // What comes instead of a part (a refusal, or where to sign in) does not take its place.
  document.addEventListener("htmx:before:response", (event) => {
    const { raw } = event.detail.ctx.response;
    if (raw.redirected || raw.status >= 400) event.preventDefault();
  });
  const kept = new WeakMap();
  const marks = (part) => part.querySelector("[name=seen]")?.defaultValue;
  document.addEventListener("htmx:before:swap", (event) => {
    const { target } = event;
    if (target.dataset.renews === "parts") {
      const anew = event.detail.tasks[0].fragment;
      for (const part of target.querySelectorAll("[data-part]")) {
        part.toggleAttribute("hx-morph-skip", isTyped(part));
        const now = isTyped(part) && anew.querySelector(`#${part.id}`);
        if (now && marks(now) !== marks(part)) sayMoved(part);
      }
    } else if (isTyped(target)) {
      event.preventDefault();
      sayMoved(target);
      return;
    }
    const selects = [...target.querySelectorAll("select[id]")].filter(isChosen);
    kept.set(target, {
      chosen: selects.map((one) => [one.id, one.value]),
      focus: target.contains(document.activeElement) ? document.activeElement.id : "",
    });
  });
  const giveBack = ({ chosen, focus }) => {
    for (const [id, value] of chosen) {
      const select = document.getElementById(id);
      if (select && [...select.options].some((one) => one.value === value)) select.value = value;
    }
    const was = focus && document.getElementById(focus);
    if (was && document.activeElement !== was) was.focus({ preventScroll: true });
  };

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
  document.addEventListener("htmx:after:swap", ({ target }) => {
    tell(document);
    follow();
    if (kept.has(target)) giveBack(kept.get(target));
    kept.delete(target);
  });
  const wrong = document.querySelector("[aria-invalid=true], [data-wrong]");
  if (wrong) wrong.focus();
})();
