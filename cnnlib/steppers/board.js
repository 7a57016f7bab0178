// The three tables of a step: the board, the card that lies on it, and the result.

import { flag, makeMarks, minus, seq, times, write } from "./dom.js";
import { fitNumbers, makeFrame, makeGrid, makeLying } from "./grid.js";
import { isLarge, makeHeat } from "./heat.js";
import { LAYS, boardLines, letter, mapsOf, plainLines, resultLines, windowOn } from "./lay.js";
import { shown } from "./number.js";
import { offset } from "./trace.js";

// What all parts of a view need to know of a problem.
export function makeScene(problem) {
  const { trace } = problem;
  const lay = LAYS[trace.kind];
  const number = (name) => (index) => {
    const { shape, values } = trace.arrays[name];
    return shown(values[offset(shape, index)]);
  };
  const color = (array) => ({ [lay.board]: "b", [lay.card]: "k", [lay.result]: "t" })[array] ?? "i";
  const several = trace.channels.some((count) => count > 1);
  return { problem, trace, lay, where: trace.where, number, color, several, name: (c) => trace.name(c) };
}

export function windowsOf({ trace, where }, index) {
  return where.map((axis, n) => windowOn(trace.kind, axis, index[n]));
}

// "(:, :, 0)": which map of an array is shown, where there are several.
export function mapTag({ trace }, array, maps) {
  const counts = trace.shapes[array].slice(2);
  if (!counts.some((count) => count > 1)) return "";
  return `(:, :, ${maps.join(", ")})`;
}

const MEANINGS = {
  Y: "input map of the layer",
  W: "filter",
  Z: "output map",
  dY: "gradient of the loss with respect to Y",
  dW: "gradient of the loss with respect to W",
  dZ: "gradient of the loss with respect to Z",
};

function labelOf(scene, array, maps, note) {
  const size = scene.trace.shapes[array].slice(0, 2).join(" by ");
  return [`${array}${mapTag(scene, array, maps)}, ${size}`, MEANINGS[array], note].filter(Boolean).join(", ");
}

function boardNote({ trace, lay, where }) {
  if (lay.moves === "result") return "gives";
  if (trace.kind !== "input") return where.some((axis) => axis.before + axis.after) ? "in zeros" : "";
  const moved = [where.some((axis) => axis.s > 1) && "spread", where.some((axis) => axis.rest) && "appended"];
  const rings = where.some((axis) => axis.extent > 1) && "in rings of zeros";
  return [...moved, rings].filter(Boolean).join(", ");
}

function numbersOf(scene, array) {
  return [...scene.trace.arrays[array].values].map(shown);
}

// A window over a grid, with the numbers of the card in it.
function makeWindow(scene, grid) {
  const { trace, lay, where } = scene;
  const frame = makeFrame({ corner: lay.turned ? "last" : "first", className: "cs-window" });
  const lying = makeLying(frame);
  grid.box.append(frame.node);
  const over = makeMarks("data-over");
  const windows = { frame, lying, at: null };

  windows.show = (step, plane, { bare, texts = null }) => {
    const index = (step.target ?? step.source).index;
    const [rows, columns] = windowsOf(scene, index);
    windows.at = [rows, columns];
    frame.resize(rows.span, columns.span);
    frame.move(rows.first, columns.first);
    frame.node.hidden = bare || !rows.span || !columns.span;
    const places = frame.node.hidden || grid.heat ? [] : rows.met.flatMap((row) => columns.met.map((column) => [row, column]));
    over(places.map(([[row], [column]]) => grid.cells[row]?.[column]).filter(Boolean));
    const text = texts ?? (([u, v]) => scene.number(lay.card)([u, v, ...mapsOf(lay.card, plane)]));
    lying.put(
      places.map(([[row, u], [column, v]]) => ({
        row: row - rows.first,
        column: column - columns.first,
        text: text([u, v]),
      })),
    );
  };
  // The place in `lying` of the number of the card at this index.
  windows.light = (cell) => {
    if (grid.heat) return;
    const [rows, columns] = windows.at;
    const at = cell && [rows, columns].map(({ met }, n) => met.findIndex(([, x]) => x === cell.index[n]));
    lying.light(at ? at[0] * columns.met.length + at[1] : -1);
  };
  windows.places = ([u, v]) => {
    const find = ({ met }, x) => met.find(([, at]) => at === x)?.[0];
    return [find(windows.at[0], u), find(windows.at[1], v)];
  };
  return windows;
}

export function cellOf(term, array) {
  return [term.left, term.right, term.target].find((cell) => cell.array === array);
}

// brief: only the name in the caption.
export function makeBoard(scene, plane, { brief = false } = {}) {
  const { trace, lay, where } = scene;
  const [rows, columns] = where.map((axis) => boardLines(trace.kind, axis));
  const array = lay.board;
  const text = scene.number(array);
  const note = boardNote(scene);
  const size = times(trace.shapes[array].slice(0, 2));
  const grid = makeGrid({
    role: "board", name: array, tag: mapTag(scene, array, mapsOf(array, plane)),
    note: brief ? "" : [size, note].filter(Boolean).join(", "),
    label: labelOf(scene, array, mapsOf(array, plane), note),
    rows, columns, maps: mapsOf(array, plane), text,
  });
  if (isLarge(grid)) makeHeat(grid, scene, array);
  else fitNumbers(grid, numbersOf(scene, array));
  addCore(grid);
  const over = lay.moves === "board" ? makeWindow(scene, grid) : null;
  const marked = makeMarks("data-marked");
  const giver = makeMarks("data-giver");

  // bare: no window and no marks but those of `given`, since they are asked for.
  function show(step, term, now, { bare = false, given = null, chosen = false } = {}) {
    grid.show(mapsOf(array, now));
    grid.node.classList.toggle("cs-asked", chosen);
    write(grid.tagged, mapTag(scene, array, mapsOf(array, now)));
    over?.show(step, now, { bare });
    const cell = given ?? (term && !bare ? cellOf(term, array) : null);
    const node = cell && grid.cell(cell.index);
    marked(node ? [node] : []);
    flag(grid.node, "data-split", over && !bare ? "" : null);
    if (lay.moves === "result") giver([grid.cell(step.source.index)]);
    over?.light(node && term && !bare ? cellOf(term, lay.card) : null);
    grid.light(node ? cell.index : null);
  }
  return { ...grid, grid, over, show };
}

// The array itself, framed inside the zeros that were put around it.
function addCore(grid) {
  const span = [grid.rows, grid.columns].map((lines) => {
    const real = lines.flatMap((line, at) => (line.index === null ? [] : [at]));
    return [real[0] ?? 0, (real.at(-1) ?? 0) + 1, lines.length];
  });
  if (span.every(([from, to, all]) => from === 0 && to === all)) return;
  const frame = makeFrame({ className: "cs-core" });
  frame.resize(...span.map(([from, to]) => to - from));
  frame.move(...span.map(([from]) => from));
  grid.box.append(frame.node);
}

export function makeCard(scene, plane, { brief = false } = {}) {
  const { trace, lay } = scene;
  const array = lay.card;
  const [rows, columns] = trace.shapes[array].slice(0, 2).map(plainLines);
  const grid = makeGrid({
    role: "card", name: array, tag: mapTag(scene, array, mapsOf(array, plane)), note: brief ? "" : "as stored",
    label: labelOf(scene, array, mapsOf(array, plane), "as stored"),
    rows, columns, maps: mapsOf(array, plane), text: scene.number(array),
  });
  if (isLarge(grid)) makeHeat(grid, scene, array);
  else fitNumbers(grid, numbersOf(scene, array));
  const frame = makeFrame({ corner: "first", className: "cs-window" });
  frame.resize(rows.length, columns.length);
  frame.move(0, 0);
  grid.box.append(frame.node);
  const marked = makeMarks("data-marked");
  function show(step, term, now, { bare = false, given = null, chosen = false } = {}) {
    grid.show(mapsOf(array, now));
    grid.node.classList.toggle("cs-asked", chosen);
    write(grid.tagged, mapTag(scene, array, mapsOf(array, now)));
    const cell = given ?? (term && !bare ? cellOf(term, array) : null);
    marked(cell ? [grid.cell(cell.index)] : []);
    grid.light(cell ? cell.index : null);
  }
  return { ...grid, grid, show };
}

// The result as it fills: done, the sum so far, or nothing yet. `maps` are those of one table.
export function makeResult(scene, maps) {
  const { trace, lay, where } = scene;
  const array = lay.result;
  const [rows, columns] = where.map((axis) => resultLines(trace.kind, axis));
  const grid = makeGrid({
    role: "result", name: array, tag: mapTag(scene, array, maps), note: times(trace.shapes[array].slice(0, 2)),
    label: labelOf(scene, array, maps, "the result"), rows, columns, maps,
  });
  grid.each((index, cell) => write(cell.firstChild, "\u00b7"));
  grid.cells.flat().forEach((cell) => cell.matches(".cs-zero") && write(cell.firstChild, ""));
  if (isLarge(grid)) makeHeat(grid, scene, array);
  else fitNumbers(grid, sumsOf(trace, grid));
  addCore(grid);
  const over = lay.moves === "result" ? makeWindow(scene, grid) : null;
  const marked = makeMarks("data-marked");
  const now = makeMarks("data-now");
  const values = over ? givenSoFar(scene, grid) : summedSoFar(scene, grid);

  // quiet: what is shown is no longer the marked term.
  function show(step, term, plane, { bare = false, hide = false, quiet = false, given = null, secret = false, chosen = false } = {}) {
    grid.node.classList.toggle("cs-asked", chosen);
    const table = mapsOf(array, plane);
    const moved = grid.maps.join() !== table.join();
    grid.show(table);
    write(grid.tagged, mapTag(scene, array, table));
    values(step, term, { hide, bare, secret, moved });
    over?.show(step, plane, { bare });
    const target = bare ? given : term?.target ?? step.target;
    const here = target && mapsOf(array, plane).every((map, at) => map === target.index[at + 2]);
    const node = here && !quiet ? grid.cell(target.index) : null;
    now(node ? [node] : []);
    marked(node && term ? [node] : []);
    over?.light(term && !bare && !quiet ? cellOf(term, lay.card) : null);
    grid.light(node ? target.index : null);
  }
  return { ...grid, grid, over, show };
}

// All numbers that a result can show: its sums as they grow.
function sumsOf(trace, grid) {
  const texts = [];
  grid.each((index) => texts.push(...trace.ledger([...index, ...grid.maps]).sums.map(shown)));
  return texts;
}

function summedSoFar({ trace }, grid) {
  let [before, wasSecret] = [null, false];
  return (step, term, { hide, bare, secret, moved }) => {
    const all = moved || before === null || secret !== wasSecret;
    const [from, to] = all ? [0, Infinity] : [Math.min(before, step.number), Math.max(before, step.number)];
    [before, wasSecret] = [step.number, secret];
    grid.each((index, cell) => {
      const full = [...index, ...grid.maps];
      const number = trace.position(full);
      if (number < from || number > to) return;
      const done = number < step.number && !secret;
      const here = hide || bare ? "?" : shown(term ? term.sum : step.value);
      const now = number === step.number && !secret;
      write(cell.firstChild, now ? minus(here) : done ? minus(shown(trace.resultValue(full))) : "\u00b7");
      flag(cell, "data-done", done ? "" : null);
      grid.heat?.paint(index, done ? trace.resultValue(full) : null);
    });
  };
}

// Of a pass that gives: what earlier cells gave, and the terms of this one up to the marked one.
function givenSoFar({ trace }, grid) {
  let before = null;
  let touched = [];
  return (step, term, { hide, bare, moved }) => {
    const sums = new Map();
    const last = term && !bare ? step.terms.indexOf(term) : -1;
    const sumOf = (n) => (n === last && hide ? null : step.terms[n].sum);
    step.terms.forEach((one, n) => n <= last && sums.set(one.target.index.join(), sumOf(n)));
    const near = !moved && before !== null && Math.abs(before - step.number) <= 1;
    const targets = new Set(step.terms.map((one) => one.target.index.join()));
    const reach = new Set([...touched, ...targets]);
    [before, touched] = [step.number, targets];
    grid.each((index, cell) => {
      const full = [...index, ...grid.maps];
      const name = full.join();
      if (near && !reach.has(name)) return;
      const value = sums.has(name) ? sums.get(name) : trace.valueBefore(full, step.number);
      write(cell.firstChild, value === null ? "?" : minus(shown(value)));
      grid.heat?.paint(index, value);
    });
  };
}

// The planes of a result that are shown together: all where they are few.
export function resultMaps({ trace, lay }, most = 3) {
  const shape = trace.shapes[lay.result];
  const maps = letter(lay.result) === "w" ? [] : seq(shape[2]).map((map) => [map]);
  return maps.length && maps.length <= most ? maps : null;
}
