/** A USSD session as the aggregator runs it: it keeps the session id and the cumulative text, posts
 * the form to the gateway, and tells it how the session ended.
 */

import { el } from "./api.js";
import { measure } from "./gsm7.js";
import { notice } from "./views.js";

const LONGEST_SECONDS = 180;
const IDLE_SECONDS = 30;
const BROKEN = "Connection problem or invalid MMI code.";

/** The typed code split into service code and what follows it, or null when it is not ours. */
export function dialled(code, serviceCode) {
  const stem = serviceCode.replace(/#$/, "");
  if (code === serviceCode) return { text: "" };
  return code.startsWith(`${stem}*`) && code.endsWith("#") ? { text: code.slice(stem.length + 1, -1) } : null;
}

export class UssdSession {
  constructor(network, msisdn, handset, over) {
    Object.assign(this, { network, msisdn, handset, over });
    this.id = `ATUid_${crypto.getRandomValues(new Uint8Array(16)).reduce((t, b) => t + b.toString(16).padStart(2, "0"), "")}`;
    this.startedAt = Date.now();
    this.hops = 0;
    this.metadata = [];
    this.answer = "";
    this.ended = false;
  }

  async start(text) {
    this.text = text;
    await this.turn();
  }

  async reply(input) {
    this.text = this.text === "" ? input : `${this.text}*${input}`;
    await this.turn();
  }

  async turn() {
    this.show({ body: el("div", { class: "idle" }, "USSD code running…") });
    this.hops += 1;
    const { status, body, hop } = await this.ask();
    if (this.ended) return;
    if (hop) this.metadata.push(hop);
    this.answer = body;
    if (status !== 200 || !/^(CON|END) /.test(body)) return this.end("Failed", BROKEN, `HTTP ${status}`);
    if (body.startsWith("END ")) return this.end("Success", body.slice(4));
    this.wait(body.slice(4));
  }

  async ask() {
    const fields = { sessionId: this.id, phoneNumber: this.msisdn, networkCode: this.network.network_code,
      serviceCode: this.network.service_code, text: this.text };
    try {
      const response = await fetch(this.network.ussd_url, { method: "POST", body: new URLSearchParams(fields) });
      return { status: response.status, body: await response.text(), hop: response.headers.get("at-ussd-hop-metadata") };
    } catch {
      return { status: 0, body: "" };
    }
  }

  /** Show a screen that waits for a reply; both clocks run. */
  wait(screen) {
    const input = el("input", { "aria-label": "Reply", autocomplete: "off", maxlength: 182 });
    const meta = el("div", { class: "meta" });
    const shownAt = Date.now();
    const size = measure(`CON ${screen}`);
    const tick = () => {
      const [session, idle] = [secondsLeft(LONGEST_SECONDS, this.startedAt), secondsLeft(IDLE_SECONDS, shownAt)];
      const short = Math.min(session, idle) < 10 ? "short" : "";
      meta.replaceChildren(el("span", {}, `${size.single - size.used} septets left`),
        el("span", { class: short }, `reply ${idle} s · session ${session} s`));
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
    this.finish("Incomplete");
    this.over();
  }

  end(status, words, error) {
    this.finish(status, error);
    const view = notice("", words, () => this.over());
    this.handset.show({ ...view, right: undefined });
  }

  /** The aggregator's end-of-session notification, once. */
  finish(status, error = "") {
    if (this.ended) return;
    this.ended = true;
    const fields = {
      date: new Date().toISOString().slice(0, 19).replace("T", " "), sessionId: this.id,
      serviceCode: this.network.service_code, networkCode: this.network.network_code,
      phoneNumber: this.msisdn, status, cost: "KES 0.0000",
      durationInMillis: String(Date.now() - this.startedAt), hopsCount: String(this.hops),
      hopsMetadata: this.metadata.join("|"), input: this.text, lastAppResponse: this.answer,
      ...(error ? { errorMessage: error } : {}),
    };
    navigator.sendBeacon(this.network.events_url, new URLSearchParams(fields));
  }
}

function secondsLeft(allowed, since) {
  return Math.max(0, Math.ceil(allowed - (Date.now() - since) / 1000));
}
