/* What else a customer may want: a copy, a rating, a photo, a word when there is an answer. */
class Offers extends Log {
  toggle() {
    this.tools.hidden = !this.tools.hidden;
    this.more.setAttribute("aria-expanded", String(!this.tools.hidden));
  }
  offer(frame) {
    this.hail.hidden = !frame.greeting;
    this.hail.textContent = frame.greeting || "";
    this.photo.hidden = !frame.photos;
    this.pushKey = frame.push?.key;
    this.tell.hidden = !(this.pushKey && this.worker && self.PushManager && self.Notification && navigator.serviceWorker);
    this.pushing(frame.pushing === true);
  }

  /* The conversation as a file, from what is on the screen. */
  save() {
    const lines = [this.name || WORDS.chat, new Date().toLocaleString(locale), ""];
    for (const frame of this.said) {
      const at = new Date(frame.at).toLocaleString(locale);
      if (frame.kind !== "message") {
        lines.push(`- ${this.ruled(frame)} (${at})`, "");
        continue;
      }
      lines.push(`${this.named(frame)} (${at}):`, String(frame.text ?? ""));
      for (const each of frame.sources || []) lines.push(`  [${each.n}] ${[each.title || each.document, safeUrl(each.url || each.source)].filter(Boolean).join(", ")}`);
      lines.push("");
    }
    const url = URL.createObjectURL(new Blob([lines.join("\r\n")], { type: "text/plain;charset=utf-8" }));
    make("a", { href: url, download: `${WORDS.chat.toLowerCase()}-${new Date().toISOString().slice(0, 10)}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }

  /* Asked once, in passing, after a reply nobody objected to, and when a conversation is closed. */
  askRating(turn, delay) {
    clearTimeout(this.rateTimer);
    if (turn && (this.kept.read().rated || this.with !== "bot")) return;
    if (this.line.seq < this.history) delay = Math.max(delay, 1000); /* of the past: only if it is the last word */
    this.rateTimer = setTimeout(() => {
      const pinned = this.isPinned();
      const give = (n) => make("button", { type: "button", "aria-label": fill(WORDS.rateOf, { n }), onclick: () => this.rated(turn, n) }, String(n));
      this.rating.replaceChildren(make("p", { id: "frontdesk-rate" }, WORDS.rate), ...[1, 2, 3, 4, 5].map(give));
      this.rating.setAttribute("aria-labelledby", "frontdesk-rate");
      this.rating.hidden = false;
      if (pinned) this.toEnd();
    }, delay);
  }
  unrate() {
    clearTimeout(this.rateTimer);
    this.rating.hidden = true;
  }
  rated(turn, score) {
    this.kept.write({ rated: this.line.seq });
    this.line.rate({ turn, score });
    this.rating.replaceChildren(make("p", { id: "frontdesk-rate" }, WORDS.thanks));
    this.rating.focus();
  }

  /* A picture is drawn anew, smaller: what the camera wrote into the file (place, device) stays here. */
  async chosen() {
    const [file] = this.file.files;
    this.file.value = "";
    if (!file) return;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, SIDE_PX / Math.max(picture.width, picture.height));
      const canvas = make("canvas", { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const body = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      const name = file.name.replace(/\.\w*$/, "") + ".jpg";
      const item = { id: newId(), body, name, url: URL.createObjectURL(body) };
      this.photos.set(item.id, item);
      this.upload(item);
      this.toEnd(true);
    } catch {
      this.refuse(WORDS.badPhoto);
    }
  }
  deliver() {
    for (const item of this.photos.values()) if (!item.seq && !item.failed && !item.going) this.upload(item);
  }
  async upload(item) {
    item.failed = null;
    this.pending(item, this.line.welcomed ? "sending" : "kept");
    if (!this.line.welcomed) return this.line.start();
    item.going = true;
    try {
      const answer = await this.line.fetch("attachments", { method: "POST", body: item.body,
        headers: { "Content-Type": item.body.type, "Idempotency-Key": item.id, "X-Frontdesk-Name": encodeURIComponent(item.name) } });
      const said = await answer.json();
      if (answer.ok) {
        item.seq = said.seq;
        if (said.seq <= this.line.seq) this.forget(item.id);
      } else if (answer.status < 500) item.failed = said.detail || String(answer.status);
    } catch { /* no connection: below */ }
    item.going = false;
    if (!item.seq) this.pending(item, "kept"), setTimeout(() => this.line.welcomed && this.deliver(), LATER_MS);
  }
  picture(attachment, id) {
    const shown = (url) => make("img", { src: url, alt: WORDS.aPhoto });
    const own = this.photos.get(id);
    if (own) return shown(own.url);
    const button = make("button", { type: "button", class: "show", onclick: async () => {
      try {
        const answer = await this.line.fetch("attachments/" + encodeURIComponent(attachment.id));
        if (answer.ok) button.replaceWith(shown(URL.createObjectURL(await answer.blob())));
      } catch { /* it can be pressed again */ }
    } }, WORDS.showPhoto);
    return button;
  }

  /* Being told of an answer when the page is closed. */
  pushing(on) {
    this.pushed = on;
    this.tell.textContent = on ? WORDS.told : WORDS.tell;
    if (on) this.seen();
  }
  async askPush() {
    if (this.pushed) return this.line.put({ type: "push", subscription: null });
    try {
      if ((await Notification.requestPermission()) !== "granted") throw 0;
      await navigator.serviceWorker.register(`${this.worker}?page=${encodeURIComponent(location.pathname + location.search)}`);
      const ready = await navigator.serviceWorker.ready;
      const subscription = await ready.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.pushKey });
      this.line.put({ type: "push", subscription: subscription.toJSON(), words: WORDS.news });
    } catch {
      this.refuse(WORDS.blocked);
    }
  }
  /* Whoever has a message before their eyes need not be told of it. */
  seen() {
    clearTimeout(this.seenTimer);
    if (!this.pushed || document.hidden || this.chat.hidden) return;
    this.seenTimer = setTimeout(() => this.line.put({ type: "seen", seq: this.line.seq }, false), SEEN_MS);
  }
}
