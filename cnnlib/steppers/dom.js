// Elements of the page. What is already as it should be is not touched.

// make("b.cs-pill", { "data-c": "t" }, "4"): attributes may be left out, and a child may be null.
export function make(what, ...rest) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  const { text, ...attributes } = rest[0]?.constructor === Object ? rest.shift() : {};
  flags(node, attributes);
  if (text) node.append(text);
  node.append(...rest.filter((child) => child !== null && child !== undefined));
  return node;
}

export const div = (className, ...children) => make("div", { class: className }, ...children);

export function drawing(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Write the text of an element that has nothing else in it; the node of the text stays, so that
// nothing but its letters is laid out again.
export function write(node, text) {
  const letters = node.firstChild ?? node.appendChild(new Text());
  if (letters.data !== text) letters.data = text;
}

// Set an attribute, or take it away; ARIA wants its false in words.
export function flag(node, name, value) {
  const inWords = name.startsWith("aria-") ? String(value ?? "") : value === true ? "" : value;
  if (inWords === false || (value ?? null) === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(inWords)) node.setAttribute(name, inWords);
}

export function flags(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) flag(node, name, value);
}

// Words of which some have the colour of an array: ["Which weight joins ", ["b", "dZ(0, 2)"]].
export function phrase(words) {
  return words.map((word) => (typeof word === "string" ? word : make(`b.cs-${word[0]}`, word[1])));
}

// The focus, without the page being scrolled.
export const focusOn = (node) => node?.isConnected && node.focus({ preventScroll: true });
export const seq = (count) => Array.from({ length: Math.max(0, count) }, (_, n) => n);
// A hyphen before a number is a minus sign; one in a word stays.
export const minus = (text) => text.replace(/-(?=\d|inf)/g, "\u2212");
export const times = (sizes) => sizes.join(" \u00d7 ");

// A class or an attribute that a few elements have at a time: those of before lose it.
export function makeMarks(name) {
  let marked = [];
  return (nodes) => {
    for (const node of marked) if (!nodes.includes(node)) node.removeAttribute(name);
    for (const node of nodes) flag(node, name, "");
    marked = nodes;
  };
}

const SHAPES = {
  first: "M2 2h2.4v12H2zM14 2v12L5 8z",
  previous: "M12.5 2v12L3.5 8z",
  next: "M3.5 2v12l9-6z",
  last: "M11.6 2H14v12h-2.4zM2 2v12l9-6z",
  play: "M3 1.5v13L14 8z",
  pause: "M3 2h3.6v12H3zM9.4 2H13v12H9.4z",
  predict:
    "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm-.9 11.6v-1.9h1.8v1.9zM5.3 6.2a2.7 2.7 0 1 1 3.6 2.6v1H7.1V7.6H8a1 1 0 1 0-1-1.4z",
  code: "M5.2 3.4 6.6 4.8 3.4 8l3.2 3.2-1.4 1.4L.6 8zM10.8 3.4 9.4 4.8 12.6 8l-3.2 3.2 1.4 1.4L15.4 8z",
  setup:
    "M1 3.1h6.2V1.6h2.4v4.8H7.2V4.9H1zM11 3.1h4v1.8h-4zM1 11.1h2.2V9.6h2.4v4.8H3.2v-1.5H1zM7 11.1h8v1.8H7z",
  present: "M1 1h5v2H3v3H1zM10 1h5v5h-2V3h-3zM1 10h2v3h3v2H1zM13 10h2v5h-5v-2h3z",
  leave: "M4 1h2v5H1V4h3zM10 1h2v3h3v2h-5zM1 10h5v5H4v-3H1zM10 10h5v2h-3v3h-2z",
  turn: "M8 2.5V0l4 3.6-4 3.6V4.6A4 4 0 1 0 12 8.6h2.1A6.1 6.1 0 1 1 8 2.5z",
  check: "M6.2 13 1 7.8l1.7-1.7 3.5 3.5L13.3 2.5 15 4.2z",
  cross:
    "M3.2 1.5 8 6.3l4.8-4.8 1.7 1.7L9.7 8l4.8 4.8-1.7 1.7L8 9.7l-4.8 4.8-1.7-1.7L6.3 8 1.5 3.2z",
  more: "M1 6.4h3.2v3.2H1zM6.4 6.4h3.2v3.2H6.4zM11.8 6.4H15v3.2h-3.2z",
  copy: "M1 1h9v3H8V3H3v7h1v2H1zM6 5h9v10H6zm2 2v6h5V7z",
};

export function icon(name) {
  const shape = drawing("path", { d: SHAPES[name] });
  return drawing("svg", { class: "cs-icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, shape);
}

export function makeButton(className, shape, text, attributes = {}) {
  const parts = [shape ? icon(shape) : null, text ? make("span", text) : null];
  const all = { type: "button", class: `cs-button ${className}`, ...attributes };
  return make("button", all, ...parts);
}

export function makeField(className, attributes) {
  const plain = { class: className, autocomplete: "off", spellcheck: "false" };
  return make("input", { ...plain, ...attributes });
}

// Choices of which one is taken: pairs of a value and its word.
export function makeChoice(name, label, options, chosen, use) {
  const id = `cs-${name}-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value]) => make("input", { type: "radio", name: id, value }));
  const labels = options.map(([, text], at) => make("label", inputs[at], make("span", text)));
  const group = { class: "cs-choice", role: "radiogroup", "aria-label": label };
  const node = make("div", group, ...labels);
  const show = (value) => inputs.forEach((input) => (input.checked = input.value === value));
  node.addEventListener("change", (event) => use(event.target.value));
  show(chosen);
  return { node, show };
}

export function setIcon(node, name) {
  node.querySelector("path").setAttribute("d", SHAPES[name]);
}
