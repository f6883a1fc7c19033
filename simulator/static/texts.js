/** The inbox, a text with its tokens ready to be typed, and writing one. */

import { el, post } from "./api.js";
import { measure } from "./gsm7.js";
import { list, notice } from "./views.js";

// A device code as receipts print it: groups of digits, or one long number; not a phone number.
const TOKEN = /(?<![+\d])\*?\d{3,4}(?:[ -]\d{2,4}){2,}#?|(?<![+\d])\d{9,20}(?!\d)/g;

export class Texts {
  constructor(handset, typeToken, isSerial) {
    Object.assign(this, { handset, typeToken, isSerial });
    this.messages = [];
  }

  /** Another person picks up the phone. */
  of(msisdn, home) {
    Object.assign(this, { msisdn, home, messages: [] });
  }

  get key() { return `read ${this.msisdn}`; }
  get read() { return Number(localStorage.getItem(this.key) ?? 0); }
  get unread() { return Math.max(0, this.messages.length - this.read); }

  /** New list from the network; true when something arrived. */
  update(messages) {
    const arrived = messages.length !== this.messages.length;
    this.messages = messages;
    if (messages.length < this.read) localStorage.setItem(this.key, messages.length);
    return arrived;
  }

  inbox() {
    const unread = this.unread;
    const rows = this.messages.map((message, index) => ({
      label: message.from,
      note: `${time(message.at)}  ${message.text}`,
      unread: index >= this.messages.length - unread,
      run: () => this.open(message),
    })).reverse();
    localStorage.setItem(this.key, this.messages.length);
    this.handset.show(list("Messages", rows, this.home, "No messages yet."));
  }

  open(message) {
    const body = el("div", {}, el("label", {}, `${message.from} · ${time(message.at)}`),
      el("div", { class: "text" }, ...this.withTokens(message.text)));
    const tokens = this.tokens(message.text).map(([code]) => code);
    const view = notice("Message", body, () => this.inbox());
    if (tokens.length === 1) view.left = { label: "Type it in", run: () => this.typeToken(tokens[0], message.text) };
    else view.left = undefined;
    this.handset.show(view);
  }

  tokens(text) {
    return [...text.matchAll(TOKEN)].filter(([code]) => !this.isSerial(code));
  }

  withTokens(text) {
    const pieces = [];
    let end = 0;
    for (const match of this.tokens(text)) {
      pieces.push(text.slice(end, match.index), el("button", {
        class: "token", title: "Type it on the device",
        onclick: () => this.typeToken(match[0], text),
      }, match[0]));
      end = match.index + match[0].length;
    }
    return [...pieces, text.slice(end)];
  }

  compose(shortcode) {
    const input = el("textarea", { "aria-label": "Text", maxlength: 918 });
    const count = el("span", {});
    input.addEventListener("input", () => {
      const { used, single, parts } = measure(input.value);
      count.textContent = parts === 1 ? `${single - used} left` : `${parts} texts`;
    });
    const body = el("div", { class: "session" }, el("label", {}, `To ${shortcode}`), input, el("div", { class: "meta" }, count));
    this.handset.show({ title: "New text", body, input, right: { label: "Cancel", run: this.home },
      left: { label: "Send", run: () => input.value.trim() && this.send(input.value) } });
  }

  async send(text) {
    this.handset.show(notice("New text", "Sending…", this.home));
    const outcome = await post(`${this.msisdn}/sms`, { text }).then(() => "Sent.", (error) => error.message);
    this.handset.show(notice("New text", outcome, this.home));
  }
}

function time(at) {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
