// The three tables of a step: the board, the card that lies on it, and the result.

import { flag, makeMarks, seq, times, write } from "./dom.js";
import { fillerOf } from "./filled.js";
import { fitNumbers, layOver, makeGrid, writeCell } from "./grid.js";
import { isLarge, makeHeat } from "./heat.js";
import { LAYS, boardLines, cellOf, mapsOf, plainLines, resultLines } from "./lay.js";
import { shown } from "./number.js";
import { offset } from "./trace.js";
import { makeWindow } from "./window.js";

// What all parts of a view need to know of a problem.
export function makeScene(problem) {
  const { trace } = problem;
  const { where } = trace;
  const lay = LAYS[trace.kind];
  const colors = { [lay.board]: "b", [lay.card]: "k", [lay.result]: "t" };
  const name = (cell) => trace.name(cell);
  return { problem, trace, lay, where, name, color: (array) => colors[array] ?? "i" };
}

// "(:, :, 0)": which map of an array is shown, where there are several.
function mapTag({ trace }, array, maps) {
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
  return [`${array}${mapTag(scene, array, maps)}, ${size}`, MEANINGS[array], note]
    .filter(Boolean)
    .join(", ");
}

function boardNote({ trace, lay, where }) {
  if (lay.moves === "result") return "gives";
  if (trace.kind !== "input")
    return where.some((axis) => axis.before + axis.after) ? "in zeros" : "";
  const moved = [
    where.some((axis) => axis.s > 1) && "spread",
    where.some((axis) => axis.rest) && "appended",
  ];
  const rings = where.some((axis) => axis.extent > 1) && "in rings of zeros";
  return [...moved, rings].filter(Boolean).join(", ");
}

// A table of one array; of one that is not given, `texts` are all numbers that it can show.
// brief: only the name in the caption.
export function makeTable(scene, { role, array, lines, maps, note, brief, texts }) {
  const { trace } = scene;
  const given = trace.arrays[array];
  const [rows, columns] = lines;
  const size = role === "card" ? "" : times(trace.shapes[array].slice(0, 2));
  const caption = brief ? "" : [size, note].filter(Boolean).join(", ");
  const label = labelOf(scene, array, maps, note);
  const plain = isLarge(rows, columns);
  const text = given && ((index) => shown(given.values[offset(given.shape, index)]));
  const look = { role, name: array, note: caption, label, plain };
  const grid = makeGrid({ ...look, rows, columns, maps, text });
  if (plain) makeHeat(grid, scene, array);
  else fitNumbers(grid, texts?.(grid) ?? [...given.values].map(shown));
  const marked = makeMarks("data-marked");

  // Show the map with these indices; a question may have to be answered by choosing a cell of it.
  grid.turnTo = (now, chosen = false) => {
    grid.show(now);
    write(grid.tagged, mapTag(scene, array, now));
    grid.node.classList.toggle("cs-asked", chosen);
  };
  grid.mark = (cell, isTerm = true) => {
    marked(cell && isTerm ? [grid.cell(cell.index)] : []);
    grid.light(cell?.index ?? null);
  };
  grid.turnTo(maps);
  return grid;
}

export function makeBoard(scene, plane, { brief = false } = {}) {
  const { trace, lay, where } = scene;
  const array = lay.board;
  const lines = where.map((axis) => boardLines(trace.kind, axis));
  const [maps, note] = [mapsOf(array, plane), boardNote(scene)];
  const grid = makeTable(scene, { role: "board", array, lines, maps, note, brief });
  addCore(grid);
  const over = lay.moves === "board" ? makeWindow(scene, grid) : null;
  const giver = makeMarks("data-giver");

  function show(step, term, now, marks) {
    const { bare } = marks;
    const cell = showArray(grid, array, term, now, marks);
    flag(grid.node, "data-split", over && !bare);
    if (lay.moves === "result") giver([grid.cell(step.source.index)]);
    over?.(step, now, { bare, lit: cell && !bare && cellOf(term, lay.card) });
  }
  return { node: grid.node, grid, show };
}

export function makeCard(scene, plane, { brief = false } = {}) {
  const array = scene.lay.card;
  const lines = scene.trace.shapes[array].slice(0, 2).map(plainLines);
  const [maps, note] = [mapsOf(array, plane), "as stored"];
  const grid = makeTable(scene, { role: "card", array, lines, maps, note, brief });
  layOver(grid, { corner: "first" }).resize(...lines.map((line) => line.length));
  const show = (step, term, now, marks) => showArray(grid, array, term, now, marks);
  return { node: grid.node, grid, show };
}

// bare: no window and no marks but the one of `given`, since they are asked for.
function showArray(grid, array, term, plane, { bare, given, chosen }) {
  const cell = bare ? given : term && cellOf(term, array);
  grid.turnTo(mapsOf(array, plane), chosen);
  grid.mark(cell);
  return cell;
}

// The array itself, framed inside the zeros that were put around it.
function addCore(grid) {
  const span = [grid.rows, grid.columns].map((lines) => {
    const real = lines.flatMap((line, at) => (line.index === null ? [] : [at]));
    return [real[0] ?? 0, (real.at(-1) ?? 0) + 1, lines.length];
  });
  if (span.every(([from, to, all]) => from === 0 && to === all)) return;
  const frame = layOver(grid, { className: "cs-core" });
  frame.resize(...span.map(([from, to]) => to - from));
  frame.move(...span.map(([from]) => from));
}

export function makeResult(scene, maps) {
  const { trace, lay, where } = scene;
  const array = lay.result;
  const lines = where.map((axis) => resultLines(trace.kind, axis));
  const texts = (made) => sumsOf(trace, made);
  const grid = makeTable(scene, { role: "result", array, lines, maps, texts });
  for (const cell of grid.cells.flat()) writeCell(cell, cell.matches(".cs-zero") ? "" : undefined);
  addCore(grid);
  const over = lay.moves === "result" ? makeWindow(scene, grid) : null;
  const now = makeMarks("data-now");
  const fill = fillerOf(scene, grid);

  // quiet: what is shown is no longer the marked term.
  function show(step, term, plane, { bare, hide, quiet, given, secret, chosen }) {
    const table = mapsOf(array, plane);
    const moved = grid.maps.join() !== table.join();
    grid.turnTo(table, chosen);
    fill(step, term, { hide, bare, secret, moved });
    const target = bare ? given : (term?.target ?? step.target);
    const here = target && !quiet && table.every((map, at) => map === target.index[at + 2]);
    now(here ? [grid.cell(target.index)] : []);
    grid.mark(here ? target : null, Boolean(term));
    over?.(step, plane, { bare, lit: here && term && !bare && cellOf(term, lay.card) });
  }
  return { node: grid.node, grid, show };
}

// All numbers that a result can show: its sums as they grow.
function sumsOf(trace, grid) {
  const texts = [];
  grid.each((index) => texts.push(...trace.ledger([...index, ...grid.maps]).sums.map(shown)));
  return texts;
}

// The maps of a result that are shown together: all where they are few.
export function resultMaps({ trace, lay }, most = 3) {
  const count = trace.shapes[lay.result][2];
  return seq(count <= most ? count : 1).map((map) => [map]);
}
