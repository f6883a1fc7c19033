/** The handset: one screen, two soft keys and the keypad. It shows a view and hands keys to it.
 *
 * A view: { title?, body (element), left?, right? ({ label, run }), input? (field), keys? (fn) }.
 * `keys(key)` handles a key first and then returns true. Other digits go to `input`.
 */

import { el } from "./api.js";

const LETTERS = { 2: "abc", 3: "def", 4: "ghi", 5: "jkl", 6: "mno", 7: "pqrs", 8: "tuv", 9: "wxyz", 0: "+" };

export class Handset {
  constructor(root) {
    this.root = root;
    this.view = null;
    this.home = () => {};
    this.part("keys").append(..."123456789*0#".split("").map(keyButton));
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-key]");
      if (button) this.press(button.dataset.key);
    });
    // A mouse press on a key does not move the focus out of the input field.
    root.addEventListener("mousedown", (event) => event.target.closest("[data-key]") && event.preventDefault());
    document.addEventListener("keydown", (event) => this.keydown(event));
    this.tick();
    setInterval(() => this.tick(), 1000);
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  show(view) {
    this.view = view;
    this.part("title").textContent = view.title ?? "";
    this.part("body").replaceChildren(view.body);
    this.labelSoftKeys();
    view.input?.focus({ preventScroll: true });
    this.part("body").scrollTop = 0;
  }

  labelSoftKeys() {
    for (const side of ["left", "right"]) {
      this.part(side).textContent = this.view[side]?.label ?? "";
      const label = this.view[side]?.label ?? `${side} soft key`;
      this.root.querySelector(`[data-key="${side}"]`).setAttribute("aria-label", label);
    }
  }

  showAlerts(text) {
    this.part("alerts").textContent = text;
  }

  press(name) {
    const view = this.view;
    if (view.keys?.(name)) return;
    if (name === "left" || name === "ok" || name === "call") view.left?.run();
    else if (name === "right") view.right?.run();
    else if (name === "end") this.home();
    else if (name === "up" || name === "down") this.part("body").scrollBy(0, name === "up" ? -60 : 60);
    else if (view.input) insert(view.input, name);
  }

  /** The computer's keyboard: Enter and Escape are soft keys; digits are keys unless a field has focus. */
  keydown(event) {
    const field = event.target.closest("input, textarea");
    if (field && !this.root.contains(field)) return;
    if (event.target.closest("button") && event.key === "Enter") return;
    const name = { Enter: "ok", Escape: "right", ArrowUp: "up", ArrowDown: "down" }[event.key];
    const digit = !field && /^[0-9*#]$/.test(event.key) ? event.key : null;
    if (event.ctrlKey || event.metaKey || event.altKey || !(name || digit)) return;
    if (field?.tagName === "TEXTAREA" && name !== "right") return;
    event.preventDefault();
    this.press(name ?? digit);
  }

  tick() {
    const now = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    this.part("clock").textContent = now;
    this.view?.tick?.();
  }
}

function keyButton(name) {
  return el("button", { "data-key": name, "aria-label": name }, name, el("small", {}, LETTERS[name] ?? ""));
}

function insert(field, character) {
  field.setRangeText(character, field.selectionStart ?? field.value.length,
    field.selectionEnd ?? field.value.length, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus({ preventScroll: true });
}
