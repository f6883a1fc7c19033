/** SMS: the inbox, a message whose tokens can be typed on a device, and a new message. */

import { el, post } from "./api.js";
import { measure } from "./gsm7.js";
import { list, notice } from "./views.js";

// A token as receipts print it: groups of digits, or one long number, but not a phone number.
const TOKEN = /(?<![+\d])\*?\d{3,4}(?:[ -]\d{2,4}){2,}#?|(?<![+\d])\d{9,20}(?!\d)/g;

export class Messages {
  constructor(handset, typeToken, isSerial) {
    Object.assign(this, { handset, typeToken, isSerial });
    this.messages = [];
  }

  /** Use the phone with this number. */
  usePhone(msisdn, home) {
    Object.assign(this, { msisdn, home, messages: [] });
  }

  get storageKey() { return `read ${this.msisdn}`; }
  get readCount() { return Number(localStorage.getItem(this.storageKey) ?? 0); }
  get unreadCount() { return Math.max(0, this.messages.length - this.readCount); }

  /** Take the new list of messages; true when it changed. */
  update(messages) {
    const arrived = messages.length !== this.messages.length;
    this.messages = messages;
    if (messages.length < this.readCount) localStorage.setItem(this.storageKey, messages.length);
    return arrived;
  }

  showInbox() {
    const unread = this.unreadCount;
    const rows = this.messages.map((message, index) => ({
      label: message.from,
      note: `${time(message.at)}  ${message.text}`,
      unread: index >= this.messages.length - unread,
      run: () => this.showMessage(message),
    })).reverse();
    localStorage.setItem(this.storageKey, this.messages.length);
    this.handset.show(list("Messages", rows, this.home, "No messages yet."));
  }

  showMessage(message) {
    const body = el("div", {}, el("label", {}, `${message.from} · ${time(message.at)}`),
      el("div", { class: "text" }, ...this.withTokenButtons(message.text)));
    const tokens = this.findTokens(message.text).map(([token]) => token);
    const view = notice("Message", body, () => this.showInbox());
    if (tokens.length === 1) view.left = { label: "Type it in", run: () => this.typeToken(tokens[0], message.text) };
    else view.left = undefined;
    this.handset.show(view);
  }

  findTokens(text) {
    return [...text.matchAll(TOKEN)].filter(([token]) => !this.isSerial(token));
  }

  withTokenButtons(text) {
    const pieces = [];
    let end = 0;
    for (const match of this.findTokens(text)) {
      pieces.push(text.slice(end, match.index), el("button", {
        class: "token", title: "Type it on the device",
        onclick: () => this.typeToken(match[0], text),
      }, match[0]));
      end = match.index + match[0].length;
    }
    return [...pieces, text.slice(end)];
  }

  showEditor(shortcode) {
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
