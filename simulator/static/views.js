/** The few shapes of screen that everything on the handset is made of. */

import { el } from "./api.js";

/** A list: arrows and OK, a number key, or a click. Rows: { label, note?, unread?, run }. */
export function list(title, rows, back, empty = "Nothing here") {
  if (!rows.length) return notice(title, empty, back);
  let chosen = 0;
  const body = el("ol", {}, ...rows.map((row, index) =>
    el("li", {}, el("button", { class: row.unread ? "unread" : "", onclick: () => row.run() },
      `${rows.length < 10 ? `${index + 1}  ` : ""}${row.label}`, row.note ? el("small", {}, row.note) : ""))));
  const buttons = [...body.querySelectorAll("button")];
  const mark = (index) => {
    buttons[chosen].classList.remove("chosen");
    chosen = (index + rows.length) % rows.length;
    buttons[chosen].classList.add("chosen");
    buttons[chosen].scrollIntoView?.({ block: "nearest" });
  };
  mark(0);
  return {
    title, body,
    left: { label: "Select", run: () => rows[chosen].run() },
    right: { label: "Back", run: back },
    keys(key) {
      if (key === "up" || key === "down") return mark(chosen + (key === "up" ? -1 : 1)), true;
      if (rows.length < 10 && rows[Number(key) - 1]) return rows[Number(key) - 1].run(), true;
      return false;
    },
  };
}

/** Words and a way back. */
export function notice(title, text, back) {
  const body = typeof text === "string" ? el("div", { class: "text" }, text) : text;
  return { title, body, left: { label: "OK", run: back }, right: { label: "Back", run: back } };
}

/** One-line fields, in order; OK goes to the next one, then sends. `fields`: { name, label, ... }. */
export function form(title, fields, send, back, words = "", sending = "Send") {
  const inputs = fields.map(({ name, label, ...attributes }) => {
    const id = `field-${name}`;
    return [el("label", { for: id }, label), el("input", { id, name, autocomplete: "off", ...attributes })];
  });
  const boxes = inputs.map(([, input]) => input);
  const values = () => Object.fromEntries(boxes.map((box) => [box.name, box.value.trim()]));
  const view = {
    title,
    body: el("div", {}, words ? el("p", { class: "text" }, words) : "", ...inputs.flat()),
    input: boxes[0],
    left: { label: sending, run: () => {
      const unfilled = boxes.find((box) => !box.value.trim());
      if (unfilled) unfilled.focus(), view.input = unfilled;
      else send(values());
    } },
    right: { label: "Cancel", run: back },
  };
  boxes.forEach((box) => box.addEventListener("focus", () => { view.input = box; }));
  return view;
}
