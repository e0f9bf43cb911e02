const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30000;
const SILENCE_MS = 10000; /* a sent frame without any answer for so long means the connection is dead */
const ASLEEP_MS = 60000;
const PATIENCE_MS = 20000; /* a reply that takes longer waits for a person, or is in trouble: "writing" would be a guess */
const LATER_MS = 4000;
const LOST = new Set(["wrong_token", "unknown_conversation"]); /* the conversation is not ours to resume */
const PASSING = new Set(["store_unavailable", "store_full", "draining"]); /* worth sending again by ourselves */
const QUIET_MS = 1000; /* a reconnect shorter than this is not worth a word */
const TYPING_MS = 5000; /* a person whose typing was not heard of for so long has stopped */
const SEEN_MS = 400;
const RATE_MS = 12000; /* how long a reply stands before it is asked what it was worth: whoever reads on is left alone */
const MOST = 200; /* messages of a long conversation that are shown before the reader asks for those before them */
const SIDE_PX = 2000; /* of a picture: enough to read a label on it, and some 500 kB */

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

/* Whose a token is, "" for nobody's: only the server knows whether it is true. */
function subject(token) {
  try {
    return String(JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub);
  } catch {
    return "";
  }
}

/* The conversation over the socket: numbered events without gaps, an outbox until acknowledged, reconnects. */
class Line {
  constructor(url, kept, view) {
    Object.assign(this, { url, kept, view, seq: 0, tries: 0, welcomed: false, stopped: false, started: false, identity: null });
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
  /* Who the visitor is from now on, null for nobody known. What another held in this browser is not theirs to see. */
  identify(token) {
    this.identity = token || null;
    const user = this.identity ? subject(this.identity) : "";
    const before = this.kept.read().user;
    if (before && before !== user) this.forget();
    this.kept.write({ user });
    this.stopped = false;
    this.wake();
  }
  forget() {
    this.kept.write({ conversation: null, token: null, outbox: [], person: false, rating: null });
    this.conversation = null;
    this.seq = 0;
    this.view.clear();
    this.view.bubbles.clear(); /* what the other had not sent yet goes with them */
    this.view.waiting.replaceChildren();
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
      const who = this.identity ? { identity: this.identity } : {};
      this.put({ type: "hello", conversation, token, after: this.seq, most: this.seq || this.whole ? undefined : MOST, ...who });
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
  /* All of it, from the first word on. */
  earlier() {
    this.whole = true;
    this.seq = 0;
    this.view.clear();
    this.drop(0);
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
  /* Beside the socket, for what is too large for it; the conversation's own secret opens it. */
  fetch(what, request = {}) {
    const { conversation, token } = this.kept.read();
    const url = new URL(this.url.replace(/\/?$/, "/") + what);
    url.protocol = url.protocol.replace("ws", "http");
    return fetch(url, { ...request, credentials: "omit", headers: { ...request.headers, "X-Frontdesk-Conversation": conversation, "X-Frontdesk-Token": token, ...(this.identity ? { "X-Frontdesk-Identity": this.identity } : {}) } });
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
      case "typing": return this.view.personTypes(String(frame.name || ""));
      case "push": return this.view.pushing(frame.on === true);
      case "ack":
        if (frame.id === this.kept.read().rating?.id) return this.kept.write({ rating: null });
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
    if (this.kept.read().conversation !== frame.conversation) this.kept.write({ rated: 0 });
    this.kept.write({ conversation: frame.conversation, token: frame.token ?? this.offered });
    this.welcomed = true;
    this.tries = 0;
    if (frame.from > this.seq) {
      this.seq = frame.from;
      this.view.shortened();
    }
    this.view.online(frame);
    for (const item of this.kept.outbox) if (!item.failed) this.pass(item);
    const { person, rating } = this.kept.read();
    if (person) this.put({ type: "person" }, false);
    if (rating) this.put(rating);
    this.view.deliver();
  }
  rate(rating) {
    this.kept.write({ rating: { type: "feedback", id: newId(), ...rating } });
    if (this.welcomed) this.put(this.kept.read().rating);
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
      if (frame.code === "identity_refused") {
        this.stopped = true; /* until the page has another token: nobody who has one is taken for a stranger */
        this.drop();
        this.view.refused(String(frame.message || ""));
        return dispatchEvent(new CustomEvent("frontdesk:identity", { detail: { message: frame.message } }));
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
    if (frame.id && frame.id === this.kept.read().rating?.id) return this.kept.write({ rating: null }); /* of an answer that is gone */
    const item = frame.id ? waiting.find((each) => each.id === frame.id) : frame.code === "no_push" ? null : waiting[0];
    const why = frame.code === "too_long" ? fill(WORDS.tooLong, { n: (8000).toLocaleString(locale) }) : String(frame.message || frame.code || "");
    if (item) {
      this.kept.change(item.id, { failed: why });
      this.view.pending(Object.assign(item, { failed: why }));
    } else this.view.refuse(why);
  }
}
