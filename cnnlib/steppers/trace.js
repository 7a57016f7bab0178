// Every product of a pass as data: the reader of the one relation, r = i s + u d - p, in the browser.
//
// It gives what trace.py gives: the same steps, with their terms in the same order and their sums
// rounded as NumPy rounds them.

import { fail, pythonText } from "./geometry.js";
import { ROUND, factor } from "./number.js";

// The two factors of each product, the array that sums them, and whether the left one's cells give.
const PASSES = {
  forward: { left: "Y", right: "W", result: "Z" },
  input: { left: "dZ", right: "W", result: "dY" },
  filter: { left: "dZ", right: "Y", result: "dW" },
  scatter: { left: "dZ", right: "W", result: "dY", gives: true },
  influence: { left: "Y", right: "W", result: "Z", gives: true },
  pool: { left: "dZ", right: "Y", result: "dY", gives: true },
};

// The triples of an axis for each r, for each u and for each i, in the order of the loops.
function meetings(axis) {
  const lists = (size) => Array.from({ length: size }, () => []);
  const found = { r: lists(axis.n), u: lists(axis.f), i: lists(axis.o) };
  for (let i = 0; i < axis.o; i += 1) {
    for (let u = 0; u < axis.f; u += 1) {
      const r = i * axis.s + u * axis.d - axis.before;
      if (r < 0 || r >= axis.n) continue;
      for (const [letter, at] of Object.entries({ r, u, i })) found[letter][at].push([r, u, i]);
    }
  }
  return found;
}

export function cellCount(shape) {
  return shape.reduce((count, size) => count * size, 1);
}

// The place of an index in an array whose last axis runs fastest.
export function offset(shape, index) {
  return index.reduce((at, number, axis) => at * shape[axis] + number, 0);
}

function indexAt(shape, place) {
  const index = [];
  let rest = place;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

// (r, c, k) as (k, r, c), and (u, v, k_in, k) as (k, k_in, u, v): map by map.
const outermostLast = (index) => [...index.slice(2).reverse(), ...index.slice(0, 2)];

export function fullName(cell) {
  return `${cell.array}(${cell.index.join(", ")})`;
}

// The steps of one pass, each made when it is asked for.
export class Trace {
  constructor(kind, where, arrays, resultShape) {
    Object.assign(this, { kind, where, arrays }, PASSES[kind]);
    this.subject = this.gives ? this.left : this.result; // the array of which each cell has a step
    this.biased = "b" in arrays;
    this.shapes = Object.fromEntries(Object.entries(arrays).map(([k, a]) => [k, a.shape]));
    this.shapes[this.result] = resultShape;
    this.channels = (this.shapes.W ?? this.shapes.dW)?.slice(2) ?? [1, resultShape[2]];
    this.dtype = arrays[this.left].dtype;
    this.length = cellCount(this.shapes[this.subject]);
    this.meetings = where.map(meetings);
    this.histories = new Map();
  }

  step(number) {
    if (this.made?.number !== number) this.made = this.make(number);
    return this.made;
  }

  make(number) {
    const shape = this.shapes[this.subject];
    const walked = indexAt(outermostLast(shape), number);
    const index = [...walked.slice(-2), ...walked.slice(0, -2).reverse()];
    const nothing = { target: null, source: null, bias: null, start: 0, value: 0 };
    const about = { trace: this, number, ...nothing };
    if (this.gives) {
      about.source = this.cell(this.left, index);
      about.value = about.source.value;
      about.terms = this.gifts(index);
      return about;
    }
    const ledger = this.ledger(index);
    about.start = ledger.start;
    about.value = ledger.value;
    about.target = { array: this.result, index, value: ledger.value };
    if (this.biased) about.bias = { array: "b", index: index.slice(-1), value: ledger.start };
    about.terms = ledger.pairs.map((_, n) => this.term(index, ledger, n));
    return about;
  }

  cell(array, index) {
    const { shape, values } = this.arrays[array];
    return { array, index, value: values[offset(shape, index)] };
  }

  // The number of the step about a cell.
  position(index) {
    return offset(outermostLast(this.shapes[this.subject]), outermostLast(index));
  }

  resultValue(index) {
    return this.history(index).value;
  }

  // A cell of the result as it is before a step of a pass that gives.
  valueBefore(index, number) {
    const { start, givers, sums } = this.history(index);
    const next = givers.findIndex((giver) => giver >= number);
    const last = next < 0 ? givers.length : next;
    return last ? sums[last - 1] : start;
  }

  // The terms of the left factor's cell, one for each cell that gets something.
  gifts(source) {
    const targets = this.triples(this.left, source).map((triple) => triple[this.result.at(-1)]);
    return targets.map((target) => this.gift(source, target));
  }

  gift(source, target) {
    const ledger = this.ledger(target);
    const from = this.position(source);
    const n = ledger.pairs.findIndex(([left]) => this.position(left) === from);
    return this.term(target, ledger, n);
  }

  term(index, ledger, n) {
    const [one, other] = ledger.pairs[n];
    const [left, right] = [this.cell(this.left, one), this.cell(this.right, other)];
    const target = { array: this.result, index, value: ledger.sums[n] };
    const text = `${factor(left.value)}·${factor(right.value)}`;
    return { left, right, target, value: ledger.products[n], sum: ledger.sums[n], text };
  }

  // The running sums of a cell of the result, and the steps that give to it; worked out once.
  history(index) {
    const place = offset(this.shapes[this.result], index);
    if (!this.histories.has(place)) {
      const { start, value, pairs, sums } = this.ledger(index);
      const givers = this.gives ? Int32Array.from(pairs, ([left]) => this.position(left)) : [];
      this.histories.set(place, { start, value, givers, sums: this.gives ? sums : [] });
    }
    return this.histories.get(place);
  }

  // All that goes into one cell of the result: pairs of indices, products, running sums.
  ledger(index) {
    const start = this.biased ? this.arrays.b.values[index.at(-1)] : 0;
    const ledger = { start, value: start, pairs: this.pairs(index), products: [], sums: [] };
    for (const pair of ledger.pairs) {
      const product = this.product(pair);
      ledger.value = ROUND[this.dtype](ledger.value + product);
      ledger.products.push(product);
      ledger.sums.push(ledger.value);
    }
    return ledger;
  }

  pairs(target) {
    const [left, right] = [this.left.at(-1), this.right.at(-1)];
    return this.triples(this.result, target).map((triple) => [triple[left], triple[right]]);
  }

  product([one, other]) {
    const [left, right] = [this.cell(this.left, one), this.cell(this.right, other)];
    return ROUND[this.dtype](left.value * right.value);
  }

  // Indices {Y, W, Z} that the relation joins, one of them given: maps outside, columns inside.
  triples(array, index) {
    const [nK, fK] = this.channels.map((count) => [...Array(count).keys()]);
    const [first, second, ...maps] = index;
    const [letter, kIns, ks] = {
      Y: ["r", maps.slice(0, 1), fK],
      W: ["u", maps.slice(0, 1), maps.slice(1)],
      Z: ["i", nK, maps],
    }[array.at(-1)];
    const [onRows, onColumns] = this.meetings.map((axis, n) => axis[letter][n ? second : first]);
    const found = [];
    for (const kIn of kIns)
      for (const k of ks)
        for (const [r, u, i] of onRows)
          for (const [c, v, j] of onColumns)
            found.push({ Y: [r, c, kIn], W: [u, v, kIn, k], Z: [i, j, k] });
    return found;
  }

  // A cell in short: an index of maps only where there is more than one map.
  name(cell) {
    return `${cell.array}(${this.short(cell).join(", ")})`;
  }

  short({ array, index }) {
    const shape = this.shapes[array] ?? [];
    return index.filter((_, axis) => axis < 2 || shape[axis] > 1);
  }

  // The number of the step that was called out: "dY(2, 3)", "2, 3", or "7".
  place(text, now = 0) {
    const found = readPlace(text, this.subject);
    if (found.length === 1) return stepNumber(found[0], this.length);
    const shape = this.shapes[this.subject];
    const here = this.step(now);
    const index = this.fullIndex(found, (here.target ?? here.source).index);
    if (index.length !== shape.length || !index.every((one, axis) => one < shape[axis]))
      fail(`${this.subject} has no cell ${pythonText(index)}: its shape is ${pythonText(shape)}`);
    return this.position(index);
  }

  // An index that was typed, with the maps of the cell where one is: those that say something, or
  // as many as there are.
  fullIndex(found, here) {
    const axes = this.short({ array: this.subject, index: here.map((_, axis) => axis) });
    if (axes.length !== found.length) return [...found, ...here.slice(found.length)];
    return here.map((one, axis) => found[axes.indexOf(axis)] ?? one);
  }
}

function readPlace(text, name) {
  const found = /^\s*([a-zA-Z]*)[^\w]*(\d{1,6}(?:[^\w]+\d{1,6})*)[^\w]*$/.exec(text);
  if (!found || !["", name.toLowerCase()].includes(found[1].toLowerCase()))
    fail(
      `this stepper goes through ${name}: type ${name}(2, 3), or the number of a step; got ${pythonText(text)}`,
    );
  return found[2].match(/\d+/g).map(Number);
}

export function stagePlace(text, count) {
  const found = readPlace(text, "stages");
  if (found.length > 1) fail(`a stage is not a cell: type its number, 1 to ${count}`);
  return stepNumber(found[0], count);
}

function stepNumber(typed, count) {
  if (typed < 1 || typed > count)
    fail(`step must be a whole number from 1 to ${count} (steps are counted from 1); got ${typed}`);
  return typed - 1;
}
