/** A USSD session as the aggregator runs it: it holds the session id and the cumulative text, posts
 * the form to the gateway, and posts an event when the session ends.
 */

import { el } from "./api.js";
import { measure } from "./gsm7.js";
import { notice } from "./views.js";

const SESSION_SECONDS = 180;
const REPLY_SECONDS = 30;
const INVALID_REPLY = "Connection problem or invalid MMI code.";

/** { text }: the answers after the service code; null for another service code. */
export function parseDialled(code, serviceCode) {
  const stem = serviceCode.replace(/#$/, "");
  if (code === serviceCode) return { text: "" };
  return code.startsWith(`${stem}*`) && code.endsWith("#") ? { text: code.slice(stem.length + 1, -1) } : null;
}

export class UssdSession {
  constructor(network, msisdn, handset, onEnd) {
    Object.assign(this, { network, msisdn, handset, onEnd });
    this.id = `ATUid_${crypto.getRandomValues(new Uint8Array(16)).reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "")}`;
    this.startedAt = Date.now();
    this.hops = 0;
    this.metadata = [];
    this.lastReply = "";
    this.ended = false;
  }

  async start(text) {
    this.text = text;
    await this.nextScreen();
  }

  async reply(input) {
    this.text = this.text === "" ? input : `${this.text}*${input}`;
    await this.nextScreen();
  }

  async nextScreen() {
    this.show({ body: el("div", { class: "idle" }, "USSD code running…") });
    this.hops += 1;
    const { status, body, hop } = await this.post();
    if (this.ended) return;
    if (hop) this.metadata.push(hop);
    this.lastReply = body;
    if (status !== 200 || !/^(CON|END) /.test(body)) return this.end("Failed", INVALID_REPLY, `HTTP ${status}`);
    if (body.startsWith("END ")) return this.end("Success", body.slice(4));
    this.showScreen(body.slice(4));
  }

  async post() {
    const fields = { sessionId: this.id, phoneNumber: this.msisdn, networkCode: this.network.network_code,
      serviceCode: this.network.service_code, text: this.text };
    try {
      const response = await fetch(this.network.ussd_url, { method: "POST", body: new URLSearchParams(fields) });
      return { status: response.status, body: await response.text(), hop: response.headers.get("at-ussd-hop-metadata") };
    } catch {
      return { status: 0, body: "" };
    }
  }

  /** Show a screen that waits for a reply, with the seconds left for reply and session. */
  showScreen(screen) {
    const input = el("input", { "aria-label": "Reply", autocomplete: "off", maxlength: 182 });
    const meta = el("div", { class: "meta" });
    const shownAt = Date.now();
    const size = measure(`CON ${screen}`);
    const tick = () => {
      const [session, idle] = [secondsLeft(SESSION_SECONDS, this.startedAt), secondsLeft(REPLY_SECONDS, shownAt)];
      const urgency = Math.min(session, idle) < 10 ? "short" : "";
      meta.replaceChildren(el("span", {}, `${size.single - size.used} septets left`),
        el("span", { class: urgency }, `reply ${idle} s · session ${session} s`));
      if (!this.ended && !Math.min(session, idle)) this.end("Incomplete", "Session timed out.");
    };
    tick();
    this.show({ input, tick, left: { label: "Send", run: () => this.reply(input.value) },
      body: el("div", { class: "text session" }, el("p", {}, screen), input, meta) });
  }

  show(view) {
    this.handset.show({ ...view, right: { label: "Cancel", run: () => this.cancel() },
      keys: (key) => key === "end" && (this.cancel(), true) });
  }

  cancel() {
    this.postEnd("Incomplete");
    this.onEnd();
  }

  end(status, text, error) {
    this.postEnd(status, error);
    const view = notice("", text, () => this.onEnd());
    this.handset.show({ ...view, right: undefined });
  }

  /** Post the aggregator's end-of-session event, once. */
  postEnd(status, error = "") {
    if (this.ended) return;
    this.ended = true;
    const fields = {
      date: new Date().toISOString().slice(0, 19).replace("T", " "), sessionId: this.id,
      serviceCode: this.network.service_code, networkCode: this.network.network_code,
      phoneNumber: this.msisdn, status, cost: "KES 0.0000",
      durationInMillis: String(Date.now() - this.startedAt), hopsCount: String(this.hops),
      hopsMetadata: this.metadata.join("|"), input: this.text, lastAppResponse: this.lastReply,
      ...(error ? { errorMessage: error } : {}),
    };
    navigator.sendBeacon(this.network.events_url, new URLSearchParams(fields));
  }
}

function secondsLeft(allowed, since) {
  return Math.max(0, Math.ceil(allowed - (Date.now() - since) / 1000));
}
