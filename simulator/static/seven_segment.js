/** Draws a number in seven-segment digits as SVG. */

const SEGMENTS_ON = { 0: "abcdef", 1: "bc", 2: "abged", 3: "abgcd", 4: "fgbc", 5: "afgcd", 6: "afgedc", 7: "abc", 8: "abcdefg", 9: "abcdfg", "-": "g", " ": "" };
const PATHS = {
  a: "M3 1h12l-2.4 2.6h-7.2z", g: "M4.2 14.7l1.6-1.3h6.4l1.6 1.3-1.6 1.3H5.8z", d: "M3 28.4h12l-2.4-2.6h-7.2z",
  f: "M2.2 2l2.6 2.5v8L3.2 14 2.2 13z", b: "M15.8 2l-2.6 2.5v8l1.6 1.5 1-1z",
  e: "M2.2 27.4l2.6-2.5v-8l-1.6-1.5-1 1z", c: "M15.8 27.4l-2.6-2.5v-8l1.6-1.5 1 1z",
};
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Draw `text` (digits, one point, dash, spaces) in `svg`, and label it for screen readers. */
export function draw(svg, text) {
  svg.replaceChildren();
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", text.trim());
  let x = 0;
  for (const character of text) {
    if (character === ".") {
      svg.append(createShape("circle", { cx: x - 1.2, cy: 27, r: 1.5, class: "lit" }));
      x += 2.4;
      continue;
    }
    for (const [name, path] of Object.entries(PATHS)) {
      const state = (SEGMENTS_ON[character] ?? "").includes(name) ? "lit" : "dim";
      svg.append(createShape("path", { d: path, transform: `translate(${x} 0)`, class: state }));
    }
    x += 20;
  }
  svg.setAttribute("viewBox", `-1 0 ${x + 2} 29.4`);
}

function createShape(name, attributes) {
  const element = document.createElementNS(SVG_NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
