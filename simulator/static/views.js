/** The views of the handset: a list, a notice and a form. */

import { el } from "./api.js";

/** A list, used by arrows and OK, a number key, or a click. Rows: { label, note?, unread?, run }. */
export function list(title, rows, back, empty = "Nothing here") {
  if (!rows.length) return notice(title, empty, back);
  let selected = 0;
  const body = el("ol", {}, ...rows.map((row, index) =>
    el("li", {}, el("button", { class: row.unread ? "unread" : "", onclick: () => row.run() },
      `${rows.length < 10 ? `${index + 1}  ` : ""}${row.label}`, row.note ? el("small", {}, row.note) : ""))));
  const buttons = [...body.querySelectorAll("button")];
  const select = (index) => {
    buttons[selected].classList.remove("chosen");
    selected = (index + rows.length) % rows.length;
    buttons[selected].classList.add("chosen");
    buttons[selected].scrollIntoView?.({ block: "nearest" });
  };
  select(0);
  return {
    title, body,
    left: { label: "Select", run: () => rows[selected].run() },
    right: { label: "Back", run: back },
    keys(key) {
      if (key === "up" || key === "down") return select(selected + (key === "up" ? -1 : 1)), true;
      if (rows.length < 10 && rows[Number(key) - 1]) return rows[Number(key) - 1].run(), true;
      return false;
    },
  };
}

/** A text or an element; both soft keys go back. */
export function notice(title, text, back) {
  const body = typeof text === "string" ? el("div", { class: "text" }, text) : text;
  return { title, body, left: { label: "OK", run: back }, right: { label: "Back", run: back } };
}

/** One-line fields; OK goes to the next empty one, then sends. `fields`: { name, label, ... }. */
export function form(title, fields, send, back, text = "", sendLabel = "Send") {
  const inputs = fields.map(({ name, label, ...attributes }) => {
    const id = `field-${name}`;
    return [el("label", { for: id }, label), el("input", { id, name, autocomplete: "off", ...attributes })];
  });
  const controls = inputs.map(([, input]) => input);
  const values = () => Object.fromEntries(controls.map((control) => [control.name, control.value.trim()]));
  const view = {
    title,
    body: el("div", {}, text ? el("p", { class: "text" }, text) : "", ...inputs.flat()),
    input: controls[0],
    left: { label: sendLabel, run: () => {
      const unfilled = controls.find((control) => !control.value.trim());
      if (unfilled) unfilled.focus(), view.input = unfilled;
      else send(values());
    } },
    right: { label: "Cancel", run: back },
  };
  controls.forEach((control) => control.addEventListener("focus", () => { view.input = control; }));
  return view;
}
