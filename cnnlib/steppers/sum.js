// The sum as a ledger: a column for each place of the window, with cell, weight, product, sum so far.

import { div, flag, make, makeMarks, minus, seq, write } from "./dom.js";
import { factor, shown } from "./number.js";
import { windowsOf } from "./window.js";

const LONG = 8; // characters of a product that need smaller type

function makeProduct() {
  const part = (name) => make("span", { class: `cs-${name}` });
  const [first, second, value, sum] = ["first", "second", "value", "so-far"].map(part);
  const [left, right] = [make("i"), make("i")];
  const product = make("span", { class: "cs-product" }, left, "\u00b7", right);
  const node = make("div", { class: "cs-slot", role: "radio" }, first, second, product, value, sum);
  return { node, first, second, left, right, product, value, sum };
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
export function slotsOf(scene, step, plane) {
  const { trace, lay } = scene;
  const [rows, columns] = windowsOf(scene, (step.target ?? step.source).index);
  const places = new Map();
  for (const [n, term] of step.terms.entries()) {
    const card = [term.left, term.right].find((cell) => cell.array === lay.card);
    if (inPlane(trace, term, plane)) places.set(card.index.slice(0, 2).join(), n);
  }
  return rows.met.map(([, u]) => columns.met.map(([, v]) => places.get(`${u},${v}`) ?? null));
}

function inPlane(trace, term, { k_in, k }) {
  return [term.left, term.right, term.target].every(({ array, index }) => {
    if (array.endsWith("Y")) return index[2] === k_in;
    return array.endsWith("Z") ? index[2] === k : index[2] === k_in && index[3] === k;
  });
}

// The products of one plane; `choose(n)` is told which was clicked.
export function makeSlots(scene, choose, { most = Infinity } = {}) {
  const node = div("cs-slots");
  let slots = [];
  let lines = [];
  const marked = makeMarks("data-marked-product");

  function grow(rows, columns) {
    if (lines.length === rows && slots.length === rows * columns) return;
    slots = seq(rows * columns).map(makeProduct);
    lines = seq(rows).map((row) => {
      const own = slots.slice(row * columns, (row + 1) * columns);
      return make("div", { class: "cs-line", role: "none" }, ...own.map((slot) => slot.node));
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
    let first = true;
    places.flat().forEach((n, at) => {
      showProduct(scene, slots[at], step, n, { now, first, asked });
      if (n !== null) first = false;
    });
    const here = places.flat().indexOf(now);
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

export function planeTerms({ trace }, step, plane) {
  return seq(step.terms.length).filter((n) => inPlane(trace, step.terms[n], plane));
}

function showProduct(scene, slot, step, n, { now, first, asked }) {
  const { node } = slot;
  node.classList.toggle("cs-none", n === null);
  flag(node, "data-product", n);
  flag(node, "role", n === null ? null : "radio");
  flag(node, "title", n === null ? "a zero was put in here: no product" : null);
  if (n === null) {
    for (const name of ["aria-checked", "aria-label", "tabindex"]) node.removeAttribute(name);
    for (const part of [slot.first, slot.second, slot.left, slot.right, slot.value, slot.sum])
      write(part, "");
    return;
  }
  const term = step.terms[n];
  const { names, hide } = asked;
  const [one, two] = step.source ? [term.target, term.right] : [term.left, term.right];
  node.classList.toggle("cs-begins", first);
  node.classList.toggle("cs-later", n > now);
  flag(node, "aria-checked", n === now);
  flag(node, "tabindex", n === now ? 0 : -1);
  const gift = hide && step.source && n >= now; // what it comes to is asked
  const text =
    names || gift ? nameAsked(scene, [one, two], names) : spoken(scene, step, term, { hide });
  flag(node, "aria-label", `term ${n + 1} of ${step.terms.length}: ${text}`);
  const unknown = (cell) => names && cell.array === names;
  nameCell(slot.first, scene, one, unknown(one));
  nameCell(slot.second, scene, two, unknown(two));
  const bare = Boolean(names);
  colored(slot.left, scene, term.left, bare);
  colored(slot.right, scene, term.right, bare);
  slot.product.classList.toggle("cs-long", term.text.length > LONG);
  write(slot.value, bare ? "" : gift ? "?" : minus(shown(term.value)));
  const unsaid = hide && (gift || !step.source) ? "?" : "";
  const sum = !bare && !unsaid && (n <= now || step.source) ? minus(shown(term.sum)) : "";
  write(slot.sum, bare ? "" : sum || unsaid);
}

function nameAsked(scene, cells, array) {
  const known = cells.filter((cell) => cell.array !== array);
  return known.map((cell) => scene.name(cell)).join(", ") || "?";
}

function nameCell(node, scene, cell, unknown) {
  write(node, unknown ? "?" : scene.name(cell));
  flag(node, "data-c", scene.color(cell.array));
}

function colored(node, scene, cell, bare) {
  write(node, bare ? "" : minus(factor(cell.value)));
  flag(node, "data-c", scene.color(cell.array));
}

// The whole line: the cell that is summed, its products, the total.
// Up to nine places stand in a line; more, or where it is narrow, as a small window. Of a large map,
// with `most`, as the magnified window.
export function makeSum(scene, choose, { most } = {}) {
  const { lay } = scene;
  const gives = lay.moves === "result";
  const name = make("span", { "data-c": gives ? "b" : "t" });
  const left = div(
    "cs-left",
    make("span", { class: "cs-name" }, name, make("span", { text: gives ? " gives" : " =" })),
  );
  const soFar = make("small", { text: gives ? "" : "so far" });
  left.append(soFar);
  const start = div("cs-start");
  const slots = makeSlots(scene, choose, { most });
  const total = make("b");
  const note = make("small");
  const right = div("cs-total", make("span", { class: "cs-equals", text: "= " }), total, note);
  const group = make("div", { class: "cs-products", role: "radiogroup" }, start, slots.node);
  const node = make("div", { class: gives ? "cs-sum cs-gives" : "cs-sum" }, left, group, right);

  function show(step, now, plane, asked) {
    const term = step.terms[now];
    const cell = step.target ?? step.source;
    const known = asked.names === cell.array ? `${cell.array}(?)` : scene.name(cell);
    write(name, known);
    flag(group, "aria-label", `the ${step.terms.length} products of ${known}`);
    start.hidden = !step.bias;
    if (step.bias) showBias(start, scene, step, asked);
    else start.replaceChildren();
    slots.show(step, now, plane, asked);
    const hidden = asked.hide || asked.names;
    right.hidden = gives;
    write(total, hidden ? "?" : minus(shown(term ? term.sum : step.value)));
    write(note, !hidden && term && now < step.terms.length - 1 ? "so far" : "");
    soFar.hidden = gives || Boolean(hidden);
  }
  const places = scene.where.map((axis) => (lay.card === "dZ" ? axis.o : axis.f));
  const small = (name) => (places[0] * places[1] > 9 || name !== "wide" ? "window" : "line");
  const fold = (name) => flag(node, "data-shape", most ? "lens" : small(name));
  return { node, show, slots, fold };
}

function showBias(node, scene, step, { names, hide }) {
  const part = (one) => make("span", { class: `cs-${one}` });
  if (!node.firstChild) node.append(...["first", "second", "product", "so-far"].map(part));
  const [name, kind, value, sum] = node.children;
  write(name, scene.name(step.bias));
  write(kind, "bias");
  write(value, names ? "" : minus(factor(step.start)));
  write(sum, names || hide ? "" : minus(shown(step.start)));
}
