/** Requests to the phone API (JSON), and creation of elements. An error carries the server's line. */

export async function get(path) {
  return parse(await fetch(`api/${path}`));
}

export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return parse(await fetch(`api/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function parse(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error || `HTTP ${response.status}`);
  return body;
}

/** Create an element: `el("p", { class: "text" }, "text", child)`. `on...` attributes are listeners. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}
