// The sum as a ledger: a column for each place of the window, with cell, weight, product, sum so far.

import { div, flag, flags, make, makeMarks, minus, seq, write } from "./dom.js";
import { cellOf, planeOf } from "./lay.js";
import { factor, shown } from "./number.js";
import { windowsOf } from "./window.js";

const LONG = 8; // characters of a product that need smaller type

// The two factors have the colours of their arrays, and so have their names above them; where a
// cell gives, the first name is that of the cell that gets something.
function makeSlot({ trace, lay, color }) {
  const part = (what, array) => make(what, { "data-c": array && color(array) });
  const parts = {
    first: part("span.cs-first", lay.moves === "result" ? trace.result : trace.left),
    second: part("span.cs-second", trace.right),
    left: part("i", trace.left),
    right: part("i", trace.right),
    value: part("span.cs-value"),
    sum: part("span.cs-so-far"),
  };
  const { first, second, left, right, value, sum } = parts;
  const product = make("span.cs-product", left, "\u00b7", right);
  return { parts, product, node: div("cs-slot", first, second, product, value, sum) };
}

// What is heard of a term: the two cells, the product, the sum so far.
export function spoken(scene, step, term, { hide = false } = {}) {
  const { left, right, value, target } = term;
  const numbers = `${shown(left.value)} times ${shown(right.value)} is ${shown(value)}`;
  const pair = `${scene.name(left)} times ${scene.name(right)}, ${numbers}`;
  if (step.source)
    return `${pair}, to ${scene.name(target)}${hide ? "" : `, now ${shown(term.sum)}`}`;
  return hide ? pair : `${pair}, sum so far ${shown(term.sum)}`;
}

// The places of one plane of the window, in order: its terms, and null for a zero put in.
function slotsOf(scene, step, plane) {
  const { card } = scene.lay;
  const [rows, columns] = windowsOf(scene, (step.target ?? step.source).index);
  const places = new Map();
  for (const n of planeTerms(step, plane)) {
    const [u, v] = cellOf(step.terms[n], card).index;
    places.set(`${u},${v}`, n);
  }
  return rows.met.map(([, u]) => columns.met.map(([, v]) => places.get(`${u},${v}`) ?? null));
}

function inPlane({ left, right, target }, { k_in, k }) {
  const plane = planeOf([left, right, target]);
  return plane.k_in === k_in && plane.k === k;
}

// The products of one plane; `choose(n)` is told which was clicked.
export function makeSlots(scene, choose, { most = Infinity } = {}) {
  const node = div("cs-slots");
  let slots = [];
  let lines = [];
  const marked = makeMarks("data-marked-product");

  function grow(rows, columns) {
    if (lines.length === rows && slots.length === rows * columns) return;
    slots = seq(rows * columns).map(() => makeSlot(scene));
    lines = seq(rows).map((row) => {
      const own = slots.slice(row * columns, (row + 1) * columns);
      return make("div.cs-line", { role: "none" }, ...own.map((slot) => slot.node));
    });
    node.style.setProperty("--across", columns);
    node.style.setProperty("--slots", rows * columns);
    node.replaceChildren(...lines);
  }

  node.addEventListener("click", (event) => {
    const number = event.target.closest("[data-product]")?.dataset.product;
    if (number !== undefined) choose(Number(number));
  });

  function show(step, now, plane, asked) {
    const places = around(slotsOf(scene, step, plane), now, most);
    grow(places.length, places[0]?.length ?? 0);
    const all = places.flat();
    const first = all.find((n) => n !== null);
    all.forEach((n, at) =>
      showSlot(scene, slots[at], step, n, { now, begins: n === first, asked }),
    );
    const here = all.indexOf(now);
    marked(here < 0 ? [] : [slots[here].node]);
  }
  const size = () => [lines.length, lines.length ? slots.length / lines.length : 0];
  return { node, show, size };
}

// Of a window with too many places, those around the marked one.
function around(places, now, most) {
  const at = places.findIndex((line) => line.includes(now));
  const row = Math.max(0, at);
  const column = Math.max(0, places[row]?.indexOf(now) ?? 0);
  const columns = nearby(places[row]?.length ?? 0, column, most);
  return nearby(places.length, row, most).map((line) => columns.map((to) => places[line][to]));
}

// A few numbers in a row out of many, with one of them in the middle where that can be.
export function nearby(count, at, most) {
  if (count <= most) return seq(count);
  const first = Math.max(0, Math.min(count - most, at - Math.floor(most / 2)));
  return seq(most).map((n) => first + n);
}

export function planeTerms({ terms }, plane) {
  return seq(terms.length).filter((n) => inPlane(terms[n], plane));
}

function showSlot(scene, { node, parts, product }, step, n, { now, begins, asked }) {
  const term = step.terms[n];
  const texts = term ? slotTexts(scene, step, n, now, asked) : {};
  for (const [name, part] of Object.entries(parts)) write(part, minus(texts[name] ?? ""));
  node.classList.toggle("cs-none", !term);
  node.classList.toggle("cs-begins", begins);
  node.classList.toggle("cs-later", n > now);
  product.classList.toggle("cs-long", Boolean(term) && term.text.length > LONG);
  flags(node, {
    "data-product": n,
    role: term && "radio",
    title: term ? null : "a zero was put in here: no product",
    tabindex: term && (n === now ? 0 : -1),
    "aria-checked": term && n === now,
    "aria-label": term && `term ${n + 1} of ${step.terms.length}: ${texts.label}`,
  });
}

// What a slot shows of a term, and nothing that would answer the question.
function slotTexts(scene, step, n, now, { names, hide }) {
  const term = step.terms[n];
  const cells = step.source ? [term.target, term.right] : [term.left, term.right];
  const [first, second] = cells.map((cell) => (cell.array === names ? "?" : scene.name(cell)));
  const known =
    cells
      .filter((cell) => cell.array !== names)
      .map(scene.name)
      .join(", ") || "?";
  if (names) return { first, second, label: known };
  const gift = hide && step.source && n >= now; // what it comes to is asked
  const sum = n <= now || step.source ? shown(term.sum) : "";
  return {
    first,
    second,
    left: factor(term.left.value),
    right: factor(term.right.value),
    value: gift ? "?" : shown(term.value),
    sum: hide && (gift || !step.source) ? "?" : sum,
    label: gift ? known : spoken(scene, step, term, { hide }),
  };
}

// The whole line: the cell that is summed, its products, the total.
// Up to nine places stand in a line; more, or where it is narrow, as a small window. Of a large map,
// with `most`, as the magnified window.
export function makeSum(scene, choose, { most } = {}) {
  const { lay } = scene;
  const gives = lay.moves === "result";
  const name = make("span", { "data-c": gives ? "b" : "t" });
  const soFar = make("small", "so far");
  const left = div("cs-left", make("span.cs-name", name, gives ? " gives" : " ="), soFar);
  const start = makeStart(scene);
  const slots = makeSlots(scene, choose, { most });
  const [total, note] = [make("b"), make("small")];
  const right = div("cs-total", make("span.cs-equals", "= "), total, note);
  const group = make("div.cs-products", { role: "radiogroup" }, start.node, slots.node);
  const node = div(gives ? "cs-sum cs-gives" : "cs-sum", left, group, right);
  right.hidden = gives;

  function show(step, now, plane, asked) {
    const term = step.terms[now];
    const cell = step.target ?? step.source;
    const known = asked.names === cell.array ? `${cell.array}(?)` : scene.name(cell);
    const hidden = Boolean(asked.hide || asked.names);
    write(name, known);
    flag(group, "aria-label", `the ${step.terms.length} products of ${known}`);
    start.show(step, asked);
    slots.show(step, now, plane, asked);
    write(total, hidden ? "?" : minus(shown(term ? term.sum : step.value)));
    write(note, !hidden && term && now < step.terms.length - 1 ? "so far" : "");
    soFar.hidden = hidden;
  }
  const places = scene.where.map((axis) => (lay.card === "dZ" ? axis.o : axis.f));
  const small = (fold) => places[0] * places[1] > 9 || fold !== "wide";
  const shape = (fold) => (most ? "lens" : small(fold) ? "window" : "line");
  return { node, show, slots, fold: (name) => flag(node, "data-shape", shape(name)) };
}

// What a sum starts from: the bias, where there is one.
function makeStart(scene) {
  const parts = ["first", "second", "product", "so-far"].map((name) => make(`span.cs-${name}`));
  const node = div("cs-start", ...parts);

  function show({ bias, start }, { names, hide }) {
    node.hidden = !bias;
    const value = names ? "" : factor(start);
    const texts = bias ? [scene.name(bias), "bias", value, names || hide ? "" : shown(start)] : [];
    parts.forEach((part, at) => write(part, minus(texts[at] ?? "")));
  }
  return { node, show };
}
