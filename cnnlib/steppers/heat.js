// A table that is too large for numbers: the shade tells the size, a bar what is below zero.

import { flag, make, minus, write } from "./dom.js";
import { shown } from "./number.js";
import { offset } from "./trace.js";

const MOST_LINES = 16; // lines of a table whose numbers can be read

export const isLarge = ({ rows, columns }) => rows.length > MOST_LINES || columns.length > MOST_LINES;

// Draw a grid as heat; `paint` draws one cell anew, `most` is the largest size in it.
export function makeHeat(grid, { trace }, array) {
  grid.node.classList.add("cs-heat");
  for (const head of grid.heads.flat()) if (Number(head.textContent) % 4 !== 0 || !/\d/.test(head.textContent)) flag(head, "data-skip", "");
  const stored = trace.arrays[array];
  const value = (index) => (stored ? stored.values[offset(stored.shape, index)] : trace.resultValue(index));
  const heat = { most: 0 };

  function remap() {
    heat.most = 0;
    grid.each((index) => {
      const size = Math.abs(value([...index, ...grid.maps]));
      if (Number.isFinite(size)) heat.most = Math.max(heat.most, size);
    });
    if (stored) grid.each((index, cell) => heat.paint(cell, value([...index, ...grid.maps])));
    heat.told?.(heat.most);
  }

  heat.paint = (cell, number) => {
    const part = number === null || !heat.most ? 0 : Math.min(1, Math.abs(number) / heat.most) ** 0.7;
    const percent = `${Math.round((Number.isNaN(part) ? 0 : part) * 100)}%`;
    if (cell.style.getPropertyValue("--v") !== percent) cell.style.setProperty("--v", percent);
    flag(cell, "data-minus", number < 0 ? (part > 0.5 ? "dark" : "light") : null);
  };
  heat.remap = remap;
  grid.heat = heat;
  remap();
  addReadout(grid);
}

// Pointing at a cell reads it.
function addReadout(grid) {
  const node = make("span", { class: "cs-readout", "aria-hidden": "true" });
  grid.caption.append(node);
  grid.table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("tbody td");
    const name = cell?.dataset.cell;
    write(node, !cell ? "" : name ? `${name.replace(/, (\d+)\)$/, ")")} = ${cell.textContent}` : "a zero put in");
  });
  grid.table.addEventListener("pointerleave", () => write(node, ""));
}

// The scale: what the darkest shade of each table stands for.
export function makeLegend(grids) {
  const node = make("div", { class: "cs-legend" });
  for (const grid of grids) {
    const [low, high] = [make("span"), make("span")];
    const scale = make("div", { class: "cs-scale", "aria-hidden": "true" }, low, make("i", { class: "cs-below" }), make("i"), high);
    const tell = (most) => {
      write(low, minus(shown(-most)));
      write(high, shown(most));
    };
    grid.heat.told = tell;
    tell(grid.heat.most);
    node.append(scale);
  }
  const words = ["A bar marks each number ", make("b", { text: "below zero" }), ". Point at a cell to read it; choose one to go there."];
  node.append(make("p", { class: "cs-legendtext" }, ...words));
  return node;
}
