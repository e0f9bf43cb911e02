/* The little of the desk that is quicker in the browser: where the log stands, the address, the arrow keys. */
/* To the end of the log, unless somebody reads further up and it is not `forced`; it stays there while the field grows. */
window.deskToEnd = (id, forced) => {
  const scroll = getHtmlElement(id);
  if (!scroll) return;
  const follow = () => scroll.atEnd && (scroll.scrollTop = scroll.scrollHeight);
  if (scroll.atEnd === undefined) {
    scroll.addEventListener("scroll", () => {
      scroll.atEnd = scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop < 60;
    }, { passive: true });
    new ResizeObserver(follow).observe(scroll);
  }
  if (forced) scroll.atEnd = true;
  requestAnimationFrame(follow);
};
window.deskChose = (conversation) => history.replaceState(null, "", "?c=" + encodeURIComponent(conversation));
/* What is begun survives a reload in this tab, and goes with the tab. */
const draftOf = (conversation) => "frontdesk draft " + conversation;
window.deskKept = (conversation) => sessionStorage.getItem(draftOf(conversation)) || "";
window.deskForget = (conversation) => sessionStorage.removeItem(draftOf(conversation));
addEventListener("input", (event) => {
  const conversation = new URLSearchParams(location.search).get("c");
  if (conversation && event.target.closest(".composer")) sessionStorage.setItem(draftOf(conversation), event.target.value);
});
addEventListener("keydown", (event) => {
  const vertical = event.target.closest(".entries") && { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const tabs = event.target.closest("[role=tablist]");
  const sideways = tabs && { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!vertical && !sideways) return;
  const all = [...(vertical ? document.querySelectorAll(".entries .entry") : tabs.querySelectorAll("[role=tab]"))];
  const next = all[all.indexOf(event.target.closest(vertical ? ".entry" : "[role=tab]")) + (vertical || sideways)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  if (sideways) next.click();
});
/* Alt and a letter: presses the button that says so, or moves. AltGr is Ctrl and Alt on Windows, and writes. */
addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !event.code.startsWith("Key")) return;
  const letter = event.code.slice(3);
  const seen = (all) => [...all].find((one) => one.offsetParent !== null);
  const entries = [...document.querySelectorAll(".entries .entry")];
  const at = entries.findIndex((one) => one.getAttribute("aria-current") === "true");
  const moves = {
    J: () => (entries[at + 1] || entries[0])?.click(),
    Q: () => {
      seen(document.querySelectorAll(".views button"))?.click();
      requestAnimationFrame(() => (entries[Math.max(at, 0)])?.focus());
    },
    R: () => seen(document.querySelectorAll(".composer textarea"))?.focus(),
  };
  const button = seen(document.querySelectorAll(`[data-key="${letter}"]`));
  if (!moves[letter] && !button) return;
  event.preventDefault();
  if (moves[letter]) moves[letter]();
  else button.click();
});
