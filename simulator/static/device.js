/** A virtual device: its display, its keypad, and what it does with a token. */

import { el, get, post } from "./api.js";
import { draw } from "./seven_segment.js";

const NAMES = { meter: "Prepaid meter", shs: "Solar home system", e_bike: "E-bike battery" };
const COUNT_MS = 900;

export class Device {
  constructor({ serial, kind }) {
    Object.assign(this, { serial, kind, typed: "", value: null, state: {} });
    this.number = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.unit = el("span", { class: "unit" });
    this.entry = el("output", { class: "entry", "aria-label": "Typed code" });
    this.outcome = el("p", { class: "verdict", role: "status" });
    this.power = el("span", { class: "power" });
    this.counter = el("span", { class: "counter" });
    this.root = el("article", { class: `device ${kind}`, "aria-label": `${NAMES[kind] ?? kind} ${serial}` },
      el("header", {}, el("h2", {}, NAMES[kind] ?? kind), el("code", {}, serial)),
      el("div", { class: "front" }, this.picture(),
        el("div", { class: "display" }, el("div", { class: "value" }, this.number, this.unit), this.entry)),
      el("div", { class: "foot" }, this.power, this.counter, el("span", { class: "seal" }, "Paid off")),
      this.keypad(), this.outcome);
    this.showTyped("");
    this.refresh();
  }

  picture() {
    const parts = { meter: ["pulse", el("i"), el("span", {}, "1000 imp/kWh")], e_bike: ["battery", el("i")] };
    const [name, ...children] = parts[this.kind] ?? ["lamp", el("i"), el("b")];
    return el("div", { class: name, "aria-hidden": "true" }, ...children);
  }

  keypad() {
    this.keys = [..."123456789*0#"].map((name) => el("button", { onclick: () => this.press(name), "aria-label": name }, name));
    this.enter = el("button", { class: "enter", onclick: () => this.enterToken() }, "Enter");
    return el("div", { class: "pad" }, ...this.keys, el("button", { onclick: () => this.showTyped("") }, "Clear"), this.enter);
  }

  press(name) {
    if (this.typed.length < 24) this.showTyped(this.typed + name);
  }

  showTyped(typed) {
    this.typed = typed;
    this.entry.textContent = typed.replace(/\d{4}(?=\d)/g, "$& ") || "type a code";
    this.entry.classList.toggle("empty", !typed);
    this.root.classList.toggle("ready", typed.length > 0);
    this.root.classList.remove("accepted", "refused");
  }

  /** Type a token key by key. The person presses Enter. */
  async type(token) {
    this.root.scrollIntoView({ block: "nearest", behavior: "smooth" });
    this.showTyped("");
    for (const key of token.replace(/[^\d*#]/g, "")) {
      this.press(key);
      await new Promise((next) => setTimeout(next, 35));
    }
    this.enter.focus();
  }

  async enterToken() {
    if (!this.typed) return;
    const code = this.typed;
    this.showTyped("");
    try {
      const answer = await post(`devices/${this.serial}/keypad`, { code });
      this.root.classList.add(answer.accepted ? "accepted" : "refused");
      this.outcome.textContent = answer.accepted ? "Accepted" : `Refused: ${answer.reason ?? "wrong code"}`;
      this.showState(answer);
    } catch (error) {
      this.root.classList.add("refused");
      this.outcome.textContent = error.message;
    }
  }

  async refresh() {
    try {
      this.showState(await get(`devices/${this.serial}`));
    } catch (error) {
      this.outcome.textContent = error.message;
    }
  }

  showState(state) {
    this.state = state;
    const meter = state.kwh !== undefined;
    const value = Number(meter ? state.kwh : state.days ?? 0);
    const on = Boolean(state.unlocked) || value > 0;
    this.root.classList.toggle("on", on);
    this.root.classList.toggle("unlocked", Boolean(state.unlocked));
    this.power.textContent = on ? (meter ? "Relay closed" : "On") : (meter ? "Relay open" : "Off");
    this.counter.textContent = state.count === undefined ? "" : `Count ${state.count}`;
    const all = !state.keys || state.keys.includes("0");
    for (const key of this.keys) key.disabled = !all && !state.keys.includes(key.textContent);
    this.unit.textContent = meter ? "kWh" : state.unlocked ? "unlocked" : "days left";
    this.count(this.value ?? value, value, meter ? 1 : 0);
    this.value = value;
  }

  /** Count from the old value to the new one. */
  count(from, to, decimals) {
    cancelAnimationFrame(this.frame);
    const startedAt = performance.now();
    const step = (now) => {
      const part = Math.min(1, (now - startedAt) / COUNT_MS);
      const eased = from + (to - from) * (1 - (1 - part) ** 3);
      const text = this.state.unlocked ? "---" : (part < 1 ? eased : to).toFixed(decimals).padStart(decimals ? 7 : 3);
      draw(this.number, text);
      if (part < 1 && from !== to) this.frame = requestAnimationFrame(step);
    };
    step(from === to ? startedAt + COUNT_MS : startedAt);
  }
}
