/* Everything around the conversation: what is on top of it, the way to a person, what is written, the connection. */
class Shell {
  constructor(root, kept, { name, floating, worker }) {
    Object.assign(this, { kept, name, floating, worker, bubbles: new Map(), at: new Map(), photos: new Map(), said: [], who: null, unread: 0, with: "bot", nth: 0 });
    this.line = null;
    const of = name ? fill(WORDS.of, { name }) : "";
    const id = "frontdesk-message";
    this.askWords = make("b", {}, WORDS.ask);
    this.askHint = make("small", {}, WORDS.askHint);
    this.ask = make("button", { type: "button", class: "ask", onclick: () => this.askPerson() }, this.askWords, " ", this.askHint);
    const button = (words, act, more) => make("button", { type: "button", onclick: act, ...more }, words);
    this.tell = button(WORDS.tell, () => this.askPush(), { hidden: true });
    this.tools = make("div", { class: "tools", id: "frontdesk-tools", hidden: true }, button(WORDS.save, () => this.save()), this.tell);
    this.more = button("\u22ef", () => this.toggle(), { class: "icon", "aria-label": WORDS.more, "aria-expanded": "false", "aria-controls": "frontdesk-tools" });
    this.barWords = make("span", { role: "status" });
    this.barCount = make("span", { "aria-hidden": "true" });
    this.barButton = make("button", { type: "button", onclick: () => this.line.hurry() }, WORDS.now);
    this.bar = make("div", { class: "bar", hidden: true }, this.barWords, this.barCount, this.barButton);
    this.log = make("div", { class: "log", role: "log", "aria-label": WORDS.messages, "aria-live": "off" });
    this.provisional = make("div", { class: "log" });
    this.waiting = make("div", { class: "log" });
    this.hail = make("p", { class: "hail", dir: "auto", hidden: true });
    this.rating = make("div", { class: "rate", role: "group", tabindex: "-1", hidden: true });
    this.scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": WORDS.conversation },
      make("div", { class: "column" },
        make("p", { class: "first" }, fill(WORDS.first, { of })), this.hail, this.log, this.provisional, this.waiting, this.rating));
    this.newer = make("button", { type: "button", class: "newer", hidden: true, onclick: () => this.toEnd(true) }, WORDS.newer);
    this.input = make("textarea", { id, rows: "1", placeholder: WORDS.placeholder, enterkeyhint: "send",
      oninput: () => this.typed(), onkeydown: (event) => this.key(event) });
    this.file = make("input", { type: "file", accept: "image/*", hidden: true, onchange: () => this.chosen() });
    this.photo = make("button", { type: "button", class: "photo", hidden: true, "aria-label": WORDS.photo, onclick: () => this.file.click() }, camera());
    this.sendButton = make("button", { class: "send", "aria-disabled": "true" }, make("span", {}, WORDS.send));
    this.form = make("form", { onsubmit: (event) => (event.preventDefault(), this.submit()) },
      make("label", { class: "vh", for: id }, WORDS.label), this.photo, this.file, this.input, this.sendButton);
    this.chat = make("section", { class: "chat", "aria-label": name || WORDS.chat },
      make("header", {},
        make(floating ? "h2" : "h1", { class: "name" }, name || WORDS.chat), this.ask, this.more,
        floating ? make("button", { type: "button", class: "icon", "aria-label": WORDS.close, onclick: () => this.open(false) }, "\u00d7") : null),
      this.tools, this.bar, this.scroll, this.newer, this.form);
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
    if (self.ResizeObserver) new ResizeObserver(() => this.fit()).observe(this.chat);
    document.addEventListener("visibilitychange", () => this.seen());
  }

  /* Few lines of the reader's own text: the rest makes room. The end stays in sight. */
  fit() {
    const em = parseFloat(getComputedStyle(this.shell).fontSize);
    const lines = this.chat.clientHeight / em;
    this.chat.classList.toggle("short", lines > 0 && lines < 24);
    this.chat.classList.toggle("tight", lines > 0 && lines < 14);
    this.grow();
    if (this.pinned !== false) this.toEnd(true);
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
      this.seen();
    } else this.launch.focus();
  }

  /* --- writing --- */
  typed(quiet) {
    this.grow();
    this.sendButton.setAttribute("aria-disabled", String(!this.input.value.trim()));
    if (quiet) return;
    this.kept.write({ draft: this.input.value });
    if (this.input.value.trim()) this.line.typing();
    this.unrate();
  }
  grow() {
    this.input.style.height = "auto";
    if (this.input.value) this.input.style.height = this.input.scrollHeight + 2 + "px";
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
    const wait = this.waited();
    const [words, hint] = {
      bot: [WORDS.ask, wait || WORDS.askHint],
      asking: [WORDS.asking, WORDS.askingHint],
      queue: [WORDS.queued, wait || WORDS.askingHint],
      person: [name ? fill(WORDS.withPerson, { name }) : WORDS.person, WORDS.withHint],
    }[now];
    this.askWords.textContent = words;
    this.askHint.textContent = hint;
    this.ask.setAttribute("aria-disabled", String(now !== "bot"));
    if (now !== "bot") this.writing(false), this.unrate();
  }
  /* What is known of the wait, in words; an hour that has come is no news. */
  waited() {
    const { state, seconds, opens_at: at } = this.wait || {};
    if (state === "open" && seconds > 0) return fill(WORDS.wait, { wait: span(seconds) });
    const opens = state === "closed" && new Date(at);
    if (!opens || !(opens > Date.now())) return null;
    const day = opens - Date.now() > 6 * 864e5 ? { day: "numeric", month: "short" } : { weekday: "short" };
    return fill(WORDS.opens, { time: opens.toLocaleString(locale, { ...day, hour: "numeric", minute: "2-digit" }) });
  }

  /* --- connection --- */
  online(frame) {
    clearTimeout(this.barDelay);
    clearInterval(this.ticking);
    this.next = this.barDelay = null;
    this.bar.hidden = true;
    this.barWords.textContent = "";
    this.wait = frame.wait;
    this.offer(frame);
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
  refused(words) {
    clearTimeout(this.barDelay);
    clearInterval(this.ticking);
    this.barDelay = null;
    this.say(words);
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
}
