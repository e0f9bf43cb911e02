/* What was said, what is being said, and where the reader is in it. */
class Log extends Shell {
  clear() {
    this.log.replaceChildren();
    this.at.clear();
    this.said = [];
    this.unrate();
    this.who = null;
    this.personName = null;
    this.restart(null);
    if (this.with !== "asking") this.state("bot");
  }
  shortened() {
    const button = make("button", { type: "button", class: "earlier", onclick: () => this.line.earlier() }, WORDS.earlier);
    this.log.prepend(make("p", { class: "line" }, button));
  }
  event(frame) {
    if (frame.seq >= this.history) queueMicrotask(() => this.awake());
    this.said.push(frame);
    if (frame.kind === "message") this.message(frame);
    else if (frame.kind === "handoff") this.handoff(frame);
    else if (frame.kind === "closed") {
      this.restart(null);
      this.rule(this.ruled(frame));
      this.state("bot");
      if (!(this.kept.read().rated >= frame.seq)) this.askRating("", 0);
    }
    this.seen();
  }
  message(frame) {
    const pinned = this.isPinned();
    if (frame.role === "customer") {
      const id = frame.id || this.at.get(frame.seq);
      if (id) this.forget(id);
      this.settled = frame.seq;
      this.unrate();
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
      if (frame.role === "bot" && frame.turn) this.askRating(frame.turn, RATE_MS);
    }
    if (pinned) this.toEnd();
  }
  handoff(frame) {
    const pinned = this.isPinned();
    this.restart(null);
    this.wait = frame.wait || this.wait;
    const to = frame.state;
    this.personName = to === "person" ? frame.name || null : null;
    this.state(to in { bot: 1, person: 1 } ? to : "queue", this.personName);
    this.rule(this.ruled(frame));
    this.notice(pinned);
    if (pinned) this.toEnd();
  }
  ruled(frame) {
    if (frame.text) return String(frame.text);
    if (frame.kind === "closed") return WORDS.closed;
    if (frame.state === "bot") return WORDS.handedBot;
    return frame.state === "person" ? fill(WORDS.handedPerson, { name: frame.name || WORDS.person }) : WORDS.handedQueue;
  }
  named(frame) {
    return frame.role === "customer" ? WORDS.you : frame.role === "agent" ? frame.name || WORDS.person : WORDS.bot;
  }
  rule(words) {
    this.who = null;
    this.log.append(make("p", { class: "line" }, make("span", {}, words)));
  }
  enter(element) {
    this.log.append(element);
  }
  bubble(role, frame) {
    const name = this.named({ ...frame, role });
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
    /* A link named by its document: it opens the exact sentence here, and in a tab of its own the article there. */
    const link = (source, attributes, ...words) => {
      const url = safeUrl(source.url || source.source);
      return make("a", { href: exactly(url, source.quote) || "#" + evidence.id, target: url && "_blank", rel: url && "noopener noreferrer", ...attributes }, ...words);
    };
    const plain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
    const titled = (source) => String(source.title || source.document || source.source || "");
    const placed = (source) => [titled(source), source.section].filter(Boolean).join(" \u203a ");
    const quoted = (source) => [placed(source), source.quote].filter(Boolean).join(": ");
    const list = sources.map((source) => {
      const button = link(source, { title: quoted(source), "aria-expanded": "false", "aria-controls": evidence.id }, make("b", {}, String(source.n)), titled(source));
      button.addEventListener("click", (event) => plain(event) && (event.preventDefault(), show(source, button)));
      buttons.push(button);
      return make("li", {}, button);
    });
    const cite = (n) => {
      const index = sources.findIndex((source) => source.n === n);
      return index < 0 ? null : link(sources[index], { class: "cite", title: quoted(sources[index]), "aria-label": `${WORDS.source} ${n}: ${titled(sources[index])}`,
        onclick: (event) => plain(event) && (event.preventDefault(), show(sources[index], buttons[index])) }, `[${n}]`);
    };
    const pictures = Array.isArray(frame.attachments) ? frame.attachments.filter((each) => each && each.id) : [];
    /* AI Act, article 50(2): what a machine wrote is marked as such, for machines too. */
    const marks = { lang: frame.lang || null, "data-automated": String(role === "bot") };
    return make("div", { class: `msg ${role}${same ? " same" : ""}${role === "customer" ? " mine" : ""}`, ...marks },
      role === "customer" ? make("p", { class: "vh" }, name + ":") : make("p", { class: "who" }, make(role === "agent" ? "b" : "span", {}, name), make("span", { class: "vh" }, ":")),
      make("div", { class: "text", dir: "auto" }, ...this.words(pictures.length && /^\[[^\n]*\]$/.test(frame.text) ? "" : String(frame.text ?? ""), cite), ...pictures.map((each) => this.picture(each, frame.id))),
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
    const quote = source.quote || source.text;
    const url = exactly(safeUrl(source.url || source.source), source.quote);
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
        make("div", { class: "text", dir: "auto" }, item.text ?? make("img", { src: item.url, alt: WORDS.aPhoto })), make("p", { class: "state" }));
      this.bubbles.set(item.id, bubble);
      this.waiting.append(bubble);
    }
    const note = bubble.lastChild;
    note.className = item.failed ? "state bad" : "state";
    clearTimeout(bubble.patience);
    if (item.failed) {
      note.replaceChildren(`${WORDS.failed} ${item.failed}`,
        make("button", { type: "button", onclick: () => (item.url ? this.upload(item) : this.line.again(item.id)) }, WORDS.again),
        item.url ? "" : make("button", { type: "button", onclick: () => this.takeBack(item) }, WORDS.edit));
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
  growing(extra, words, role = "bot", name = WORDS.bot) {
    const same = this.who === role + name ? " same" : "";
    return make("div", { class: `msg ${role} ${extra}${same}`, "data-automated": String(role === "bot") },
      make("p", { class: "who" }, name), make("div", { class: "text", dir: "auto" }, words));
  }
  personTypes(name) {
    if (this.with !== "person") return;
    const pinned = this.isPinned();
    clearTimeout(this.patience);
    this.provisional.replaceChildren(this.growing("writing", WORDS.writing, "agent", name || this.personName || WORDS.person));
    this.patience = setTimeout(() => this.provisional.replaceChildren(), TYPING_MS);
    if (pinned) this.toEnd();
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
