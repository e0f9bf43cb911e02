function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* make("p", {class: "x"}, "text", child): text stays text. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function camera() {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS(drawn.namespaceURI, "path");
  const set = (element, values) => Object.entries(values).forEach((each) => element.setAttribute(...each));
  set(drawn, { width: "22", height: "22", viewBox: "0 0 22 22", fill: "none", stroke: "currentColor", "stroke-width": "1.6", "aria-hidden": "true" });
  set(path, { d: "M2 6.5h4l1.5-2.5h7L16 6.5h4v11H2zM11 8.5a3.2 3.2 0 1 0 .01 0z", "stroke-linejoin": "round" });
  drawn.append(path);
  return drawn;
}

function safeUrl(value) {
  try {
    const url = new URL(value);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/* The article, open at the very sentence where the browser knows how (text fragments). */
function exactly(url, quote) {
  const words = String(quote || "").trim().split(/\s+/);
  if (!url || !words[0] || url.includes("#")) return url;
  const part = (list) => encodeURIComponent(list.join(" ")).replace(/-/g, "%2D");
  return url + "#:~:text=" + (words.length > 12 ? part(words.slice(0, 5)) + "," + part(words.slice(-5)) : part(words));
}

/* "4 minutes", "2 hours", in the reader's language. */
function span(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const [n, unit] = minutes < 90 ? [minutes, "minute"] : [Math.round(minutes / 60), "hour"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(n);
}
