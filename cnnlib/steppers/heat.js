// A table that is too large for numbers: the shade tells the size, a bar what is below zero.
//
// The cells stay a table, to be pointed at, chosen and heard; the shades are painted behind them.

import { div, flag, make, minus, write } from "./dom.js";
import { shown } from "./number.js";

const MOST_LINES = 16; // lines of a table whose numbers can be read
const PIXELS = 16; // of a painted cell

export const isLarge = (...lines) => lines.some(({ length }) => length > MOST_LINES);

// Draw a grid as heat; `paint` draws one cell, `most` is the largest size in it.
export function makeHeat(grid, { trace }, array) {
  grid.node.classList.add("cs-heat");
  for (const head of grid.heads.flat()) flag(head, "data-skip", Number(head.textContent) % 4 !== 0);
  const stored = array in trace.arrays;
  const valueAt = (index) => (stored ? trace.cell(array, index).value : trace.resultValue(index));
  const canvas = makeCanvas(grid);
  let shades = []; // by rows and columns
  const heat = { most: 0 };

  // A number, or null for none yet.
  heat.paint = (index, number) => {
    const [row, column] = grid.place(index);
    if (shades[row][column] === number) return;
    shades[row][column] = number;
    canvas.draw(row, column, number, heat.most);
  };
  heat.remap = () => {
    shades = grid.rows.map(() => []);
    const sizes = [];
    grid.each((index) => sizes.push(Math.abs(valueAt([...index, ...grid.maps]))));
    heat.most = Math.max(0, ...sizes.filter(Number.isFinite));
    grid.each((index) => heat.paint(index, stored ? valueAt([...index, ...grid.maps]) : null));
    heat.told?.(heat.most);
  };
  canvas.onRecolor(() =>
    shades.forEach((line, row) =>
      line.forEach((number, column) => canvas.draw(row, column, number, heat.most)),
    ),
  );
  grid.heat = heat;
  heat.remap();
  addReadout(grid);
}

function makeCanvas(grid) {
  const [rows, columns] = [grid.rows.length, grid.columns.length];
  const size = { width: columns * PIXELS, height: rows * PIXELS, "aria-hidden": "true" };
  const node = make("canvas.cs-shades", size);
  const context = node.getContext("2d");
  node.style.setProperty("--rows", rows);
  node.style.setProperty("--columns", columns);
  grid.box.prepend(node);
  let colors = null;

  function fill(color, alpha, ...box) {
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.fillRect(...box);
  }

  // All cells as zeros that were put in; those of the array are drawn over them.
  function clear() {
    const style = getComputedStyle(node);
    colors = { ink: style.color, below: style.borderTopColor, paper: style.backgroundColor };
    context.clearRect(0, 0, node.width, node.height);
    fill(colors.ink, 0.055, 0, 0, node.width, node.height);
  }

  function draw(row, column, number, most) {
    if (!colors) clear();
    const [x, y] = [column * PIXELS, row * PIXELS];
    fill(colors.paper, 1, x, y, PIXELS, PIXELS);
    if (number === null)
      return fill(colors.ink, 0.45, x + PIXELS / 2 - 1, y + PIXELS / 2 - 1, 2, 2);
    const part = most && number ? Math.min(1, Math.abs(number) / most) ** 0.7 : 0;
    fill(number < 0 ? colors.below : colors.ink, part || 0, x, y, PIXELS, PIXELS);
    const bar = part > 0.5 ? colors.paper : colors.below;
    if (number < 0) fill(bar, 1, x + PIXELS / 5, y + PIXELS / 2 - 1, PIXELS * 0.6, 2);
  }

  // The colours have changed once the short transition of one of them ends.
  function onRecolor(use) {
    const again = () => {
      clear();
      use();
    };
    node.addEventListener("transitionend", again);
    requestAnimationFrame(again); // the style may not have been there yet
  }
  return { draw, onRecolor };
}

// Pointing at a cell reads it.
function addReadout(grid) {
  const node = make("span.cs-readout", { "aria-hidden": "true" });
  grid.caption.append(node);
  grid.box.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("tbody td");
    const name = cell?.dataset.cell;
    write(node, !cell ? "" : name ? `${name} = ${cell.textContent}` : "a zero put in");
  });
  grid.box.addEventListener("pointerleave", () => write(node, ""));
}

// The scale: what the darkest shade of each table stands for.
export function makeLegend(grids) {
  const node = div("cs-legend");
  for (const { heat } of grids) {
    const [low, high] = [make("span"), make("span")];
    const [below, above] = [make("i.cs-below"), make("i")];
    node.append(make("div.cs-scale", { "aria-hidden": "true" }, low, below, above, high));
    heat.told = (most) => {
      write(low, minus(shown(-most)));
      write(high, shown(most));
    };
    heat.told(heat.most);
  }
  const zero = make("b", "below zero");
  const rest = ". Point at a cell to read it; choose one to go there.";
  node.append(make("p", "A bar marks each number ", zero, rest));
  return node;
}
