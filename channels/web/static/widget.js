/* Frontdesk's chat. One file, no dependencies, one tag:
 *   <script src="https://your.server/widget.js" data-inbox="web" data-name="Your shop" defer></script>
 * With data-mount="#element" it fills that element instead of floating in the corner.
 * Everything a customer or a server sends becomes text nodes, never markup.
 */
(() => {
"use strict";

const script = document.currentScript;

const WORDS = {
  chat: "Chat",
  close: "Close the chat",
  messages: "Messages",
  conversation: "Conversation",
  first: "You are talking to an automated assistant{of}. It answers from the help centre and shows where each answer comes from. You can ask for a person at any time.",
  of: " of {name}",
  ask: "Talk to a person",
  askHint: "They answer in this chat",
  askWait: "Usually within {wait}",
  asking: "Asking for a person",
  askingHint: "You can keep writing",
  queued: "A person has been asked",
  withPerson: "{name} is with you",
  withHint: "A person, not the assistant",
  you: "You",
  bot: "Automated assistant",
  person: "A person from the team",
  handedQueue: "A person has been asked and answers here.",
  handedPerson: "{name} is here now.",
  handedBot: "The automated assistant answers again.",
  closed: "This conversation is closed. Write again whenever you need to.",
  writing: "Writing",
  label: "Your message",
  placeholder: "Write your question",
  send: "Send",
  sending: "Sending",
  kept: "Kept here. It goes out when you are connected again.",
  failed: "Not sent.",
  again: "Send again",
  edit: "Edit",
  newer: "New message",
  unread: "{n} new",
  sources: "Sources",
  quote: "What it says",
  open: "Open the article",
  offline: "You are not connected. What you write is kept here.",
  trying: "Trying again now.",
  retry: "Trying again in {s} s.",
  now: "Try now",
  later: "Your message is kept here and goes out again in a moment.",
  gone: "This chat is not available.",
  minute: "a minute",
  minutes: "{n} minutes",
  hours: "{n} hours",
};

const fill = (words, values) => words.replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));

/* The tokens are those of channels/web/look.py; a test holds the two together. */
const CSS = `
:host{
--page:#FFFFFF;--panel:#F6F7F9;--text:#1B2430;--muted:#566173;--outline:#8A94A3;
--accent:var(--frontdesk-accent,#0F5C63);--on-accent:var(--frontdesk-on-accent,#FFFFFF);--bubble:#E6F1F1;
--warn:#8A4B00;--bad:#B3261E;--good:#1B6E3C;--shadow:0 8px 32px rgb(27 36 48/.18);
color-scheme:light dark;display:block}
/* Inside, because a rule of the page for "*" wins over :host. */
.float,.wide{all:initial;color-scheme:light dark;display:block;font:16px/1.5 system-ui,sans-serif;color:var(--text)}
@media (prefers-color-scheme:dark){:host{
--page:#12171D;--panel:#1A2129;--text:#E8ECF1;--muted:#A3AEBC;--outline:#6B7787;
--accent:var(--frontdesk-accent-dark,#5CC4C9);--on-accent:var(--frontdesk-on-accent-dark,#0B1216);--bubble:#1E3236;
--warn:#F0B35A;--bad:#FF8A80;--good:#6FD39A;--shadow:0 8px 32px rgb(0 0 0/.5)}}
*,*::before{box-sizing:border-box}
[hidden]{display:none!important}
.vh{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
button,textarea{font:inherit;color:inherit}
button{cursor:pointer;background:none;border:0;padding:0;text-align:start}
:focus-visible{outline:2px solid var(--text);outline-offset:2px}
.chat{display:flex;flex-direction:column;position:relative;height:100%;min-height:0;background:var(--page);overflow:hidden}
.float .chat{position:fixed;z-index:2147483000;right:16px;bottom:16px;width:400px;height:min(640px,calc(100vh - 32px));
border-radius:10px;box-shadow:var(--shadow)}
header{flex:none;display:flex;align-items:center;gap:12px;padding:8px max(16px,50% - 360px);border-bottom:1px solid var(--line)}
:host{--line:color-mix(in srgb,var(--outline) 35%,transparent)}
.name{flex:1;min-width:0;margin:0;font-size:16px;font-weight:650;overflow-wrap:anywhere}
.ask{flex:none;max-width:62%;padding:4px 12px;min-height:48px;border:1px solid var(--outline);border-radius:10px;font-size:14px;line-height:20px}
.ask b{display:block;font-weight:600}
.ask small{display:block;font-size:14px;color:var(--muted)}
.ask[aria-disabled=true]{border-color:transparent;background:var(--panel);cursor:default}
.close{flex:none;width:32px;height:32px;border-radius:10px;text-align:center;font-size:20px;line-height:1;color:var(--muted)}
.bar{flex:none;display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px;padding:4px max(16px,50% - 360px);font-size:14px;background:var(--panel);
border-bottom:1px solid var(--line);color:var(--warn)}
.bar span{flex:1 1 auto}
.bar button{min-height:24px;font-weight:600;text-decoration:underline;text-underline-offset:3px}
.scroll{flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px 16px 24px}
.column{display:flex;flex-direction:column;max-width:720px;margin:0 auto}
.wide{height:100%}
.first{margin:0 0 16px;max-width:68ch;font-size:14px;color:var(--muted)}
.log{display:flex;flex-direction:column}
.msg{position:relative;max-width:min(85%,68ch);margin-top:16px}
.msg.same{margin-top:4px}
.msg.same .who{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%)}
.who{margin:0 0 4px;font-size:14px;color:var(--muted)}
.who b{font-weight:600;color:var(--text)}
.text{padding:8px 12px;border-radius:14px;white-space:pre-wrap;overflow-wrap:anywhere}
.text a{color:inherit}
.customer{align-self:flex-end}
.customer .text{background:var(--accent);color:var(--on-accent);width:fit-content;margin-left:auto}
.customer .who{text-align:end}
.bot .text{background:var(--bubble);width:fit-content}
.agent .text{background:var(--panel);width:fit-content;box-shadow:inset 0 0 0 1px var(--line)}
.writing .text,.writing .who{color:var(--muted)}
.state{margin:4px 0 0;font-size:14px;color:var(--muted);text-align:end}
.state.bad{color:var(--bad)}
.state button{margin-left:12px;min-height:24px;color:var(--text);text-decoration:underline;text-underline-offset:3px}
.line{margin:16px 0 0;padding:8px 0;display:flex;align-items:center;gap:12px;font-size:14px;color:var(--muted);text-align:center}
.line span{min-width:0;overflow-wrap:anywhere}
.line::before,.line::after{content:"";flex:1 0 16px;border-top:1px solid var(--line)}
.cite{font-size:14px;font-weight:600;text-decoration:underline;text-underline-offset:3px;padding:0 2px}
.sources{display:flex;flex-wrap:wrap;gap:0 16px;margin:4px 0 0;padding:0;list-style:none;font-size:14px}
.sources li{max-width:100%}
.sources button{min-height:28px;max-width:100%;overflow-wrap:anywhere;color:var(--muted);text-decoration:underline;text-underline-offset:3px;text-decoration-color:var(--outline)}
.sources button[aria-expanded=true],.sources button:hover{color:var(--text)}
.sources b{display:inline-block;margin-right:4px;font-weight:600;color:var(--text)}
.evidence{margin:4px 0 0;padding:12px;border-radius:10px;background:var(--panel);font-size:14px}
.evidence strong{display:block;margin:0 0 4px;font-weight:600;overflow-wrap:anywhere}
.evidence blockquote{margin:0;padding-left:12px;border-left:2px solid var(--outline);white-space:pre-wrap;overflow-wrap:anywhere;font-size:16px}
.evidence a{display:inline-block;min-height:24px;margin-top:8px;color:var(--text);text-underline-offset:3px}
.newer{position:absolute;left:50%;transform:translateX(-50%);bottom:88px;padding:4px 16px;min-height:32px;border-radius:16px;background:var(--page);
font-size:14px;font-weight:600;box-shadow:var(--shadow);border:1px solid var(--outline)}
form{flex:none;display:flex;align-items:flex-end;gap:8px;width:100%;max-width:752px;margin:0 auto;padding:8px 16px 16px}
textarea{flex:1;min-width:0;height:44px;max-height:152px;padding:9px 12px;resize:none;border:1px solid var(--outline);border-radius:10px;background:var(--page)}
textarea::placeholder{color:var(--muted);opacity:1}
textarea:focus-visible{outline-offset:-1px}
form button{flex:none;min-height:44px;padding:0 16px;border:1px solid var(--text);border-radius:10px;font-weight:600}
form button[aria-disabled=true]{border-color:var(--outline);color:var(--muted);cursor:default}
.launch{position:fixed;z-index:2147483000;right:16px;bottom:16px;min-height:48px;padding:0 20px;border-radius:24px;background:var(--accent);color:var(--on-accent);
font-weight:600;box-shadow:var(--shadow)}
.launch:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
@media (max-width:479px){.float .chat{inset:0;width:auto;height:auto;border-radius:0}
.msg{max-width:92%}header{padding:8px 12px;gap:8px}.scroll{padding:12px 12px 20px}form{padding:8px 12px 12px}}
@media (max-width:359px){.ask small{display:none}}
@media (prefers-reduced-motion:no-preference){.scroll{scroll-behavior:auto}.launch,.ask,form button{transition:background-color .12s}}
@media (hover:hover){.ask:not([aria-disabled=true]):hover,form button:not([aria-disabled=true]):hover,.close:hover{background:var(--panel)}}
@media (forced-colors:active){.text,.evidence,.launch{border:1px solid}}
`;

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30000;
const SILENCE_MS = 10000; /* a sent frame without any answer for so long means the connection is dead */
const ASLEEP_MS = 60000;
const PATIENCE_MS = 20000; /* a reply that takes longer waits for a person, or is in trouble: "writing" would be a guess */
const LATER_MS = 4000;
const LOST = new Set(["wrong_token", "unknown_conversation"]); /* the conversation is not ours to resume */
const PASSING = new Set(["store_unavailable", "store_full", "draining"]); /* worth sending again by ourselves */
const QUIET_MS = 1000;    /* a reconnect shorter than this is not worth a word */

/* What must survive a reload. Falls back to memory where the browser keeps nothing. */
class Kept {
  constructor(name) {
    this.name = "frontdesk:" + name;
    this.memory = null;
  }
  read() {
    try {
      const value = JSON.parse(localStorage.getItem(this.name));
      if (value && typeof value === "object") return value;
    } catch { /* nothing kept, or storage is closed to us */ }
    return this.memory || {};
  }
  write(change) {
    const value = Object.assign(this.read(), change);
    this.memory = value;
    try {
      localStorage.setItem(this.name, JSON.stringify(value));
    } catch { /* memory has it */ }
  }
  get outbox() {
    const items = this.read().outbox;
    return Array.isArray(items) ? items : [];
  }
  change(id, change) {
    this.write({ outbox: this.outbox.flatMap((item) => (item.id === id ? (change ? [Object.assign(item, change)] : []) : [item])) });
  }
}

/* The conversation over the socket: numbered events without gaps, an outbox until acknowledged, reconnects. */
class Line {
  constructor(url, kept, view) {
    Object.assign(this, { url, kept, view, seq: 0, tries: 0, welcomed: false, stopped: false, started: false });
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.started && this.drop(0));
    /* A computer that slept, or a page that came back from the cache: the socket may be dead without knowing. */
    let hidden = Date.now();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) hidden = Date.now();
      else if (Date.now() - hidden > ASLEEP_MS) this.wake();
    });
    addEventListener("pageshow", (event) => event.persisted && this.wake());
  }
  start() {
    if (this.started) return;
    this.started = true;
    this.connect();
  }
  connect() {
    clearTimeout(this.timer);
    let socket;
    try {
      socket = new WebSocket(this.url);
    } catch {
      return this.retry();
    }
    this.socket = socket;
    this.watch();
    socket.onopen = () => {
      const { conversation = null, token = null } = this.kept.read();
      this.offered = token;
      this.put({ type: "hello", conversation, token, after: this.seq });
    };
    socket.onmessage = (message) => {
      clearTimeout(this.silence);
      let frame;
      try {
        frame = JSON.parse(message.data);
      } catch {
        return;
      }
      if (frame && typeof frame === "object") this.take(frame);
    };
    socket.onclose = () => socket === this.socket && this.drop();
  }
  put(frame, answered = true) {
    if (!this.socket || this.socket.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    if (answered) this.watch();
    return true;
  }
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.drop(0), SILENCE_MS);
  }
  drop(delay) {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    this.welcomed = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.view.restart(null);
    if (!this.stopped) this.retry(delay);
  }
  retry(delay) {
    clearTimeout(this.timer);
    const ceiling = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.tries++);
    const wait = delay === undefined || this.tries > 2 ? ceiling * (0.5 + Math.random() / 2) : delay;
    this.view.offline(Date.now() + wait);
    this.timer = setTimeout(() => this.connect(), wait);
  }
  hurry() {
    if (!this.welcomed) this.wake();
  }
  wake() {
    if (!this.started || this.stopped) return;
    this.tries = 0;
    this.drop(0);
  }
  send(text) {
    const item = { id: newId(), text };
    this.kept.write({ outbox: [...this.kept.outbox, item] });
    this.view.pending(item);
    this.pass(item);
  }
  pass(item) {
    if (this.welcomed && this.put({ type: "message", id: item.id, text: item.text })) this.view.pending(item, "sending");
    else this.start();
  }
  again(id) {
    this.kept.change(id, { failed: undefined });
    const item = this.kept.outbox.find((each) => each.id === id);
    if (item) this.view.pending(item), this.pass(item);
  }
  person() {
    this.kept.write({ person: true });
    if (this.welcomed) this.put({ type: "person" }, false);
    else this.start();
  }
  typing() {
    if (!this.welcomed || Date.now() < (this.typed || 0)) return;
    this.typed = Date.now() + 3000;
    this.put({ type: "typing" }, false);
  }
  take(frame) {
    switch (frame.type) {
      case "welcome": return this.welcome(frame);
      case "event": return this.event(frame);
      case "ack":
        this.kept.change(frame.id, null);
        return this.view.acked(frame.id, frame.seq, this.seq);
      case "delta": return this.view.delta(frame.turn, String(frame.text ?? ""));
      case "restart": return this.view.restart(frame.turn);
      case "error": return this.error(frame);
    }
  }
  welcome(frame) {
    if (frame.conversation !== this.conversation && this.conversation) {
      this.seq = 0;
      this.view.clear();
    }
    this.conversation = frame.conversation;
    this.kept.write({ conversation: frame.conversation, token: frame.token ?? this.offered });
    this.welcomed = true;
    this.tries = 0;
    this.view.online(frame);
    for (const item of this.kept.outbox) if (!item.failed) this.pass(item);
    if (this.kept.read().person) this.put({ type: "person" }, false);
  }
  event(frame) {
    if (!(frame.seq > this.seq)) return; /* a repetition */
    if (frame.prev > this.seq && this.gap !== frame.seq) {
      this.gap = frame.seq; /* once: a server that cannot fill it is believed the second time */
      return this.drop(0);
    }
    this.seq = frame.seq;
    if (frame.kind === "handoff") this.kept.write({ person: false });
    this.view.event(frame);
  }
  error(frame) {
    if (!this.welcomed) {
      if (LOST.has(frame.code) && this.offered) {
        this.kept.write({ conversation: null, token: null });
        this.conversation = null;
        this.seq = 0;
        this.view.clear();
        return this.drop(0);
      }
      if (frame.code === "unknown_inbox") {
        this.stopped = true;
        this.view.gone(String(frame.message || ""));
        return this.drop();
      }
      return;
    }
    const waiting = this.kept.outbox.filter((item) => !item.failed);
    if (PASSING.has(frame.code)) {
      clearTimeout(this.later);
      this.later = setTimeout(() => this.welcomed && waiting.forEach((each) => this.pass(each)), LATER_MS);
      return this.view.refuse(WORDS.later);
    }
    const item = frame.id ? waiting.find((each) => each.id === frame.id) : waiting[0];
    const why = String(frame.message || frame.code || "");
    if (item) {
      this.kept.change(item.id, { failed: why });
      this.view.pending(Object.assign(item, { failed: why }));
    } else this.view.refuse(why);
  }
}

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

function safeUrl(value) {
  try {
    const url = new URL(value);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/* Everything that is seen. */
class View {
  constructor(root, kept, { name, floating }) {
    Object.assign(this, { kept, name, floating, bubbles: new Map(), at: new Map(), who: null, unread: 0, with: "bot", nth: 0 });
    this.line = null;
    const of = name ? fill(WORDS.of, { name }) : "";
    const id = "frontdesk-message";
    this.askWords = make("b", {}, WORDS.ask);
    this.askHint = make("small", {}, WORDS.askHint);
    this.ask = make("button", { type: "button", class: "ask", onclick: () => this.askPerson() }, this.askWords, this.askHint);
    this.barWords = make("span", { role: "status" });
    this.barCount = make("span", { "aria-hidden": "true" });
    this.barButton = make("button", { type: "button", onclick: () => this.line.hurry() }, WORDS.now);
    this.bar = make("div", { class: "bar", hidden: true }, this.barWords, this.barCount, this.barButton);
    this.log = make("div", { class: "log", role: "log", "aria-label": WORDS.messages, "aria-live": "off" });
    this.provisional = make("div", { class: "log" });
    this.waiting = make("div", { class: "log" });
    this.scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": WORDS.conversation },
      make("div", { class: "column" },
        make("p", { class: "first" }, fill(WORDS.first, { of })), this.log, this.provisional, this.waiting));
    this.newer = make("button", { type: "button", class: "newer", hidden: true, onclick: () => this.toEnd(true) }, WORDS.newer);
    this.input = make("textarea", { id, rows: "1", placeholder: WORDS.placeholder, enterkeyhint: "send",
      oninput: () => this.typed(), onkeydown: (event) => this.key(event) });
    this.sendButton = make("button", { "aria-disabled": "true" }, WORDS.send);
    this.form = make("form", { onsubmit: (event) => (event.preventDefault(), this.submit()) },
      make("label", { class: "vh", for: id }, WORDS.label), this.input, this.sendButton);
    this.chat = make("section", { class: "chat", "aria-label": name || WORDS.chat },
      make("header", {},
        make(floating ? "h2" : "h1", { class: "name" }, name || WORDS.chat), this.ask,
        floating ? make("button", { type: "button", class: "close", "aria-label": WORDS.close, onclick: () => this.open(false) }, "\u00d7") : null),
      this.bar, this.scroll, this.newer, this.form);
    this.shell = make("div", { class: floating ? "float" : "wide" }, this.chat);
    root.append(this.shell);
    this.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
    if (floating) {
      this.launch = make("button", { type: "button", class: "launch", "aria-expanded": "false", onclick: () => this.open(true) }, WORDS.chat);
      this.shell.append(this.launch);
      this.chat.hidden = true;
      this.chat.addEventListener("keydown", (event) => event.key === "Escape" && this.open(false));
    }
    this.input.value = kept.read().draft || "";
    this.typed(true);
    for (const item of kept.outbox) this.pending(item);
    if (kept.read().person) this.state("asking");
    const sight = window.visualViewport;
    if (sight) sight.addEventListener("resize", () => this.sized(sight));
  }

  /* An open keyboard covers the layout viewport on some phones: stay within what is seen. */
  sized(sight) {
    const covered = sight.scale === 1 && innerHeight - sight.height > 100;
    const phone = !this.floating || innerWidth < 480;
    this.chat.style.height = covered && phone ? sight.height + "px" : "";
    if (this.pinned !== false) this.toEnd(true);
  }

  open(yes) {
    this.chat.hidden = !yes;
    this.launch.hidden = yes;
    this.launch.setAttribute("aria-expanded", String(yes));
    if (yes) {
      this.unread = 0;
      this.launch.textContent = WORDS.chat;
      this.line.start();
      this.grow();
      this.toEnd(true);
      this.input.focus();
    } else this.launch.focus();
  }

  /* --- writing --- */
  typed(quiet) {
    this.grow();
    this.sendButton.setAttribute("aria-disabled", String(!this.input.value.trim()));
    if (quiet) return;
    this.kept.write({ draft: this.input.value });
    if (this.input.value.trim()) this.line.typing();
  }
  grow() {
    this.input.style.height = "44px";
    if (this.input.value) this.input.style.height = Math.min(152, this.input.scrollHeight + 2) + "px";
  }
  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }
  submit() {
    const text = this.input.value.trim();
    if (!text) return this.input.focus();
    this.input.value = "";
    this.typed();
    this.line.send(text);
    this.toEnd(true);
  }
  askPerson() {
    if (this.with !== "bot") return;
    this.state("asking");
    this.line.person();
  }
  state(now, name) {
    this.with = now;
    const wait = this.wait ? fill(WORDS.askWait, { wait: this.wait }) : null;
    const [words, hint] = {
      bot: [WORDS.ask, wait || WORDS.askHint],
      asking: [WORDS.asking, WORDS.askingHint],
      queue: [WORDS.queued, wait || WORDS.askingHint],
      person: [name ? fill(WORDS.withPerson, { name }) : WORDS.person, WORDS.withHint],
    }[now];
    this.askWords.textContent = words;
    this.askHint.textContent = hint;
    this.ask.setAttribute("aria-disabled", String(now !== "bot"));
    if (now !== "bot") this.writing(false);
  }

  /* --- connection --- */
  online(frame) {
    clearTimeout(this.barDelay);
    clearInterval(this.ticking);
    this.next = this.barDelay = null;
    this.bar.hidden = true;
    this.barWords.textContent = "";
    if (frame.wait_s > 0) this.wait = span(frame.wait_s);
    this.state(this.with === "bot" && this.kept.read().person ? "asking" : this.with, this.personName);
    /* what was said before this page was opened is not news: the live region wakes up after it */
    this.history = frame.seq || 0;
    setTimeout(() => this.awake(), this.history > (this.line.seq || 0) ? 1500 : 0);
  }
  awake() {
    this.log.setAttribute("aria-live", "polite");
  }
  offline(next) {
    this.next = next;
    if (this.barDelay) return;
    this.barDelay = setTimeout(() => {
      for (const item of this.kept.outbox) this.pending(item, "kept");
      this.say(WORDS.offline);
      this.barButton.hidden = false;
      this.tick();
      this.ticking = setInterval(() => this.tick(), 1000);
    }, QUIET_MS);
  }
  tick() {
    const s = Math.ceil((this.next - Date.now()) / 1000);
    this.barCount.textContent = s > 0 ? fill(WORDS.retry, { s }) : WORDS.trying;
  }
  gone(why) {
    clearTimeout(this.barDelay);
    clearInterval(this.ticking);
    this.say(why || WORDS.gone);
    this.input.disabled = true;
    this.ask.setAttribute("aria-disabled", "true");
  }
  refuse(words) {
    this.say(words);
    setTimeout(() => this.line.welcomed && (this.bar.hidden = true), 12000);
  }
  say(words) {
    this.bar.hidden = false;
    this.barButton.hidden = true;
    this.barCount.textContent = "";
    this.barWords.textContent = words;
  }

  /* --- the log --- */
  clear() {
    this.log.replaceChildren();
    this.at.clear();
    this.who = null;
    this.personName = null;
    this.restart(null);
    if (this.with !== "asking") this.state("bot");
  }
  event(frame) {
    if (frame.seq >= this.history) queueMicrotask(() => this.awake());
    if (frame.kind === "message") this.message(frame);
    else if (frame.kind === "handoff") this.handoff(frame);
    else if (frame.kind === "closed") {
      this.restart(null);
      this.rule(frame.text || WORDS.closed);
      this.state("bot");
    }
  }
  message(frame) {
    const pinned = this.isPinned();
    if (frame.role === "customer") {
      const id = frame.id || this.at.get(frame.seq);
      if (id) this.forget(id);
      this.settled = frame.seq;
      this.enter(this.bubble("customer", frame));
      if (this.awaiting === frame.seq) this.writing(this.with === "bot");
    } else {
      this.restart(null);
      this.answered = frame.seq;
      if (frame.role === "agent") {
        this.personName = frame.name || null;
        this.state("person", this.personName);
      } else if (this.with === "person") this.state("bot");
      this.enter(this.bubble(frame.role === "agent" ? "agent" : "bot", frame));
      this.notice(pinned);
    }
    if (pinned) this.toEnd();
  }
  handoff(frame) {
    const pinned = this.isPinned();
    this.restart(null);
    if (frame.wait_s > 0) this.wait = span(frame.wait_s);
    const to = frame.state;
    this.personName = to === "person" ? frame.name || null : null;
    this.state(to in { bot: 1, person: 1 } ? to : "queue", this.personName);
    const words = { bot: WORDS.handedBot, person: fill(WORDS.handedPerson, { name: frame.name || WORDS.person }) }[to] || WORDS.handedQueue;
    this.rule(frame.text || words);
    this.notice(pinned);
    if (pinned) this.toEnd();
  }
  rule(words) {
    this.who = null;
    this.log.append(make("p", { class: "line" }, make("span", {}, words)));
  }
  enter(element) {
    this.log.append(element);
  }
  bubble(role, frame) {
    const name = role === "customer" ? WORDS.you : role === "bot" ? WORDS.bot : frame.name || WORDS.person;
    const same = this.who === role + name;
    this.who = role + name;
    const sources = Array.isArray(frame.sources) ? frame.sources.filter((each) => each && typeof each === "object") : [];
    const evidence = make("div", { class: "evidence", id: "evidence-" + ++this.nth, hidden: true });
    const buttons = [];
    const show = (source, button) => {
      const open = evidence.dataset.n === String(source.n) && !evidence.hidden;
      evidence.hidden = open;
      evidence.dataset.n = source.n;
      for (const each of buttons) each.setAttribute("aria-expanded", String(each === button && !open));
      if (!open) this.explain(evidence, source);
    };
    const list = sources.map((source) => {
      const button = make("button", { type: "button", "aria-expanded": "false", "aria-controls": evidence.id },
        make("b", {}, String(source.n)), String(source.title || source.document || source.source || ""));
      button.addEventListener("click", () => show(source, button));
      buttons.push(button);
      return make("li", {}, button);
    });
    const cite = (n) => {
      const index = sources.findIndex((source) => source.n === n);
      return index < 0 ? null : make("button", { type: "button", class: "cite", "aria-label": `${WORDS.sources} ${n}: ${sources[index].title || ""}`,
        onclick: () => show(sources[index], buttons[index]) }, `[${n}]`);
    };
    return make("div", { class: `msg ${role}${same ? " same" : ""}${role === "customer" ? " mine" : ""}`, lang: frame.lang || null },
      role === "customer" ? make("p", { class: "vh" }, name + ":") : make("p", { class: "who" }, make(role === "agent" ? "b" : "span", {}, name), make("span", { class: "vh" }, ":")),
      make("div", { class: "text", dir: "auto" }, ...this.words(String(frame.text ?? ""), cite)),
      list.length ? make("ol", { class: "sources", "aria-label": WORDS.sources }, ...list) : null,
      list.length ? evidence : null);
  }
  /* Text with [n] as references and addresses as links; everything else exactly as it came. */
  words(text, cite) {
    return text.split(/(\[\d{1,2}\]|https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/).map((part) => {
      const n = /^\[(\d+)\]$/.exec(part);
      if (n) return cite(Number(n[1])) || part;
      const url = /^https?:\/\//.test(part) && safeUrl(part);
      return url ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, part) : part;
    });
  }
  explain(evidence, source) {
    const url = safeUrl(source.url || source.source);
    const quote = source.quote || source.text;
    evidence.replaceChildren(...[
      make("strong", {}, [source.title || source.document, source.section].filter(Boolean).join(" \u203a ")),
      quote ? make("blockquote", { "aria-label": WORDS.quote, dir: "auto" }, String(quote)) : null,
      url ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, WORDS.open) : null,
    ].filter(Boolean));
    evidence.scrollIntoView({ block: "nearest" });
  }

  /* --- what is not yet certain --- */
  pending(item, state) {
    let bubble = this.bubbles.get(item.id);
    if (!bubble) {
      bubble = make("div", { class: "msg customer mine" }, make("p", { class: "vh" }, WORDS.you + ":"),
        make("div", { class: "text", dir: "auto" }, item.text), make("p", { class: "state" }));
      this.bubbles.set(item.id, bubble);
      this.waiting.append(bubble);
    }
    const note = bubble.lastChild;
    note.className = item.failed ? "state bad" : "state";
    clearTimeout(bubble.patience);
    if (item.failed) {
      note.replaceChildren(`${WORDS.failed} ${item.failed}`,
        make("button", { type: "button", onclick: () => this.line.again(item.id) }, WORDS.again),
        make("button", { type: "button", onclick: () => this.takeBack(item) }, WORDS.edit));
    } else if (state === "kept") note.textContent = WORDS.kept;
    else {
      note.textContent = "";
      bubble.patience = setTimeout(() => { note.textContent = this.line.welcomed ? WORDS.sending : WORDS.kept; }, QUIET_MS);
    }
  }
  takeBack(item) {
    this.kept.change(item.id, null);
    this.forget(item.id);
    this.input.value = [item.text, this.input.value].filter(Boolean).join("\n");
    this.typed();
    this.input.focus();
  }
  forget(id) {
    const bubble = this.bubbles.get(id);
    if (!bubble) return;
    clearTimeout(bubble.patience);
    bubble.remove();
    this.bubbles.delete(id);
  }
  acked(id, seq, shown) {
    this.awaiting = seq;
    if (seq <= shown) {
      this.forget(id);
      if (this.with === "bot" && this.settled === seq && !(this.answered > seq)) this.writing(true);
    } else {
      this.at.set(seq, id);
      const bubble = this.bubbles.get(id);
      if (bubble) clearTimeout(bubble.patience), (bubble.lastChild.textContent = "");
    }
  }
  writing(yes) {
    clearTimeout(this.patience);
    if (this.turn !== undefined) return;
    this.provisional.replaceChildren();
    if (!yes) return;
    const pinned = this.isPinned();
    this.provisional.append(this.growing("writing", WORDS.writing));
    this.patience = setTimeout(() => this.writing(false), PATIENCE_MS);
    if (pinned) this.toEnd();
  }
  growing(extra, words) {
    const same = this.who === "bot" + WORDS.bot ? " same" : "";
    return make("div", { class: `msg bot ${extra}${same}` }, make("p", { class: "who" }, WORDS.bot), make("div", { class: "text", dir: "auto" }, words));
  }
  delta(turn, text) {
    const pinned = this.isPinned();
    if (this.turn !== turn || turn === undefined) {
      this.restart(null);
      this.turn = turn ?? null;
      this.provisional.append(this.growing("provisional", ""));
    }
    const shown = this.provisional.lastChild.lastChild;
    shown.append(text);
    if (pinned) this.toEnd();
  }
  restart(turn) {
    if (turn !== null && turn !== undefined && this.turn !== turn) return;
    const was = this.turn;
    this.turn = undefined;
    clearTimeout(this.patience);
    this.provisional.replaceChildren();
    if (turn !== null && was !== undefined) this.writing(true);
  }

  /* --- scrolling: follow the end, but never past the beginning of the reply that is growing --- */
  isPinned() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroll;
    return this.pinned !== false || scrollHeight - clientHeight - scrollTop < 48;
  }
  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroll;
    if (Math.abs(scrollTop - (this.aimed ?? -1)) < 2) return;
    this.pinned = scrollHeight - clientHeight - scrollTop < 48;
    if (this.pinned) this.newer.hidden = true;
  }
  toEnd(all) {
    const last = this.provisional.lastChild || this.log.lastChild;
    const end = this.scroll.scrollHeight - this.scroll.clientHeight;
    const top = last && !all && !last.classList.contains("mine") ? last.offsetTop - this.scroll.offsetTop - 8 : end;
    this.aimed = Math.max(0, Math.min(end, top));
    this.scroll.scrollTop = this.aimed;
    this.pinned = true;
    if (all) this.newer.hidden = true;
  }
  notice(pinned) {
    if (!pinned) this.newer.hidden = false;
    if (this.launch && this.chat.hidden) {
      this.unread += 1;
      this.launch.textContent = `${WORDS.chat} \u00b7 ${fill(WORDS.unread, { n: this.unread })}`;
    }
  }
}

function span(seconds) {
  const n = Math.max(1, Math.round(seconds / 60));
  if (n === 1) return WORDS.minute;
  return n < 90 ? fill(WORDS.minutes, { n }) : fill(WORDS.hours, { n: Math.round(n / 60) });
}

function begin() {
  const data = script.dataset;
  const inbox = data.inbox || "web";
  const url = new URL("v1/chat/" + encodeURIComponent(inbox), script.src);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const place = data.mount ? document.querySelector(data.mount) : null;
  const host = make("div", { lang: data.lang || document.documentElement.lang || "en" });
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
  const view = new View(root, kept, { name: data.name || "", floating: !place });
  view.line = new Line(url.href, kept, view);
  (place || document.body).append(host);
  if (place) {
    view.line.start();
    view.grow();
  }
}

if (document.body) begin();
else addEventListener("DOMContentLoaded", begin);
})();
