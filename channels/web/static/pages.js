/* What the desk's other pages need in the browser: where the keyboard was, and whether it is dark. */
window.deskFocus = (name) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const row = document.querySelector(`[data-control="${CSS.escape(name)}"]`);
  row?.querySelector("button, select")?.focus();
}));
window.deskDark = () => matchMedia("(prefers-color-scheme: dark)").matches;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => emitEvent("desk-dark", event.matches));
