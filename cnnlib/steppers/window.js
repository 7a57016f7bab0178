// The window of a step over a grid, with the numbers of the card in it.

import { makeMarks } from "./dom.js";
import { layOver, makeLying } from "./grid.js";
import { mapsOf, windowOn } from "./lay.js";
import { shown } from "./number.js";

export function windowsOf({ trace, where }, index) {
  return where.map((axis, n) => windowOn(trace.kind, axis, index[n]));
}

export function makeWindow(scene, grid) {
  const { lay } = scene;
  const frame = layOver(grid, { corner: lay.turned ? "last" : "first" });
  const lying = makeLying(frame);
  grid.node.classList.add("cs-under");
  const over = makeMarks("data-over");

  // `lit` is the cell of the card whose number is marked; `bare`: there is no window now.
  return function show(step, plane, { bare, lit }) {
    const [rows, columns] = windowsOf(scene, (step.target ?? step.source).index);
    const cut = [rows, columns].every(({ met }) => met.at(lay.turned ? -1 : 0)?.[1] === 0);
    frame.resize(rows.span, columns.span, cut);
    frame.move(rows.first, columns.first);
    frame.node.hidden = bare || !rows.span || !columns.span;
    if (grid.heat) return;
    const pairs = rows.met.flatMap((row) => columns.met.map((column) => [row, column]));
    const places = frame.node.hidden ? [] : pairs;
    over(places.map(([[row], [column]]) => grid.cells[row]?.[column]).filter(Boolean));
    lying(
      places.map(([[row, u], [column, v]]) => ({
        row: row - rows.first,
        column: column - columns.first,
        text: shown(scene.trace.cell(lay.card, [u, v, ...mapsOf(lay.card, plane)]).value),
        lit: Boolean(lit) && lit.index[0] === u && lit.index[1] === v,
      })),
    );
  };
}
