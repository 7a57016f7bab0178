// What lies where: the lines of a board, and the window of a step on it.
//
// In every pass one array lies over another. A line of a board is a row or a column of it: the
// index of the array, or null where a zero was put in, and why. `windowOn` says which lines of the
// board the window covers, and which index of the other array lies on each.

import { seq } from "./dom.js";

// board: where the window lies, or the array that gives; card: the array that lies there; result;
// moves: whether the window moves over the board or over the result; turned: how it lies.
export const LAYS = {
  forward: { board: "Y", card: "W", result: "Z", moves: "board", turned: false },
  input: { board: "dZ", card: "W", result: "dY", moves: "board", turned: true },
  filter: { board: "Y", card: "dZ", result: "dW", moves: "board", turned: false },
  scatter: { board: "dZ", card: "W", result: "dY", moves: "result", turned: false },
  influence: { board: "Y", card: "W", result: "Z", moves: "result", turned: true },
  stages: { board: "dZ", card: "W", result: "dY" },
  pool: { board: "Y", card: "dZ", result: "dY" },
};

export const letter = (array) => array.at(-1).toLowerCase();

const filled = (count, why) => seq(count).map(() => ({ index: null, why }));
export const plainLines = (count) => seq(count).map((index) => ({ index }));

function padded(axis) {
  return [...filled(axis.before, "pad"), ...plainLines(axis.n), ...filled(axis.after, "pad")];
}

// dZ as the turned filter meets it: spread, left-over lines appended, rings of zeros around.
function ringed(axis) {
  const ring = filled(axis.extent - 1, "pad");
  const spread = seq((axis.o - 1) * axis.s + 1).map((line) =>
    line % axis.s ? { index: null, why: "gap" } : { index: line / axis.s },
  );
  return [...ring, ...spread, ...filled(axis.rest, "rest"), ...ring];
}

export function boardLines(kind, axis) {
  if (kind === "input") return ringed(axis);
  return kind === "scatter"
    ? plainLines(axis.o)
    : kind === "influence"
      ? plainLines(axis.n)
      : padded(axis);
}

export function resultLines(kind, axis) {
  if (kind === "scatter") return padded(axis);
  const size = { forward: axis.o, influence: axis.o, input: axis.n, filter: axis.f }[kind];
  return plainLines(size);
}

// The window of the step at index `at`: its first line, how many it spans, and pairs of a line and
// the index of the card that lies there. Where it lies turned, the card's index goes down.
export function windowOn(kind, axis, at) {
  const { s, d, f, o, before, extent } = axis;
  const upwards = (first, count, by) => seq(count).map((x) => [first + x * by, x]);
  if (kind === "forward") return { first: at * s, span: extent, met: upwards(at * s, f, d) };
  if (kind === "filter")
    return { first: at * d, span: (o - 1) * s + 1, met: upwards(at * d, o, s) };
  if (kind === "scatter") return { first: at * s, span: extent, met: upwards(at * s, f, d) };
  if (kind === "input") {
    const first = at + before;
    return { first, span: extent, met: seq(f).map((x) => [first + x * d, f - 1 - x]) };
  }
  const met = seq(o) // influence: the windows of Z that cover line `at` of Y
    .map((i) => [i, (at + before - i * s) / d])
    .filter(([, u]) => Number.isInteger(u) && u >= 0 && u < f);
  const first = met[0]?.[0] ?? 0;
  return { first, span: met.length ? met.at(-1)[0] - first + 1 : 0, met };
}

export function cellOf(term, array) {
  return [term.left, term.right, term.target].find((cell) => cell.array === array);
}

// The indices of the maps that a plane has in an array: k_in of Y, k of Z, both of W.
export function mapsOf(array, { k_in, k }) {
  return { y: [k_in], z: [k], w: [k_in, k] }[letter(array)];
}

export function planeOf(cells) {
  const plane = { k_in: 0, k: 0 };
  for (const { array, index } of cells) {
    if (letter(array) === "w") [plane.k_in, plane.k] = index.slice(2);
    else plane[letter(array) === "y" ? "k_in" : "k"] = index[2];
  }
  return plane;
}

// The maps that a step sums over, or gives to.
export const summedAxis = (kind) => (["forward", "scatter"].includes(kind) ? "k_in" : "k");

// The planes whose products go into one step: every map that is summed over.
export function planesOf(kind, step, [n_k, f_k]) {
  const plane = planeOf([step.target ?? step.source]);
  if (kind === "filter") return [plane];
  const axis = summedAxis(kind);
  return seq(axis === "k" ? f_k : n_k).map((map) => ({ ...plane, [axis]: map }));
}

// Rows and columns of the relation i s + u d - p = r, in numbers.
export function relation(where, cells) {
  const at = Object.fromEntries(cells.map((cell) => [letter(cell.array), cell.index]));
  const plain = where.every(({ s, d, before }) => s === 1 && d === 1 && before === 0);
  return where.map(({ s, d, before }, axis) => {
    const [i, u, r] = [at.z[axis], at.w[axis], at.y[axis]];
    if (plain) return `${i} + ${u} = ${r}`;
    const left = s > 1 ? `${i}\u00b7${s}` : `${i}`;
    const right = d > 1 ? `${u}\u00b7${d}` : `${u}`;
    return `${left} + ${right}${before ? ` \u2212 ${before}` : ""} = ${r}`;
  });
}
