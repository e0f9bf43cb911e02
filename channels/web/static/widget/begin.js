function begin() {
  const data = script.dataset;
  const inbox = data.inbox || "web";
  let own = {};
  try {
    own = { ...self.frontdeskStrings, ...JSON.parse(data.strings || "{}") };
  } catch { /* words that cannot be read change nothing */ }
  const asked = data.locale || data.lang || document.documentElement.lang;
  speak(asked === "auto" ? navigator.languages : [asked], own);
  const url = new URL("v1/chat/" + encodeURIComponent(inbox), script.src);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const place = data.mount ? document.querySelector(data.mount) : null;
  const host = make("div", { lang: locale, "data-automated": "chat" });
  const root = host.attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", {}, CSS));
  }
  if (place) host.style.height = "100%";
  const kept = new Kept(url.host + url.pathname);
  const view = new Offers(root, kept, { name: data.name || "", floating: !place, worker: data.push || "" });
  view.line = new Line(url.href, kept, view);
  view.line.identify(data.identity || null);
  self.frontdesk = { ...self.frontdesk, identify: (token) => view.line.identify(token) };
  (place || document.body).append(host);
  if (place) {
    view.line.start();
    view.grow();
  }
}

if (document.body) begin();
else addEventListener("DOMContentLoaded", begin);
})();
