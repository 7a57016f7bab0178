// Lines from the two factors to their product, and from the sum to its cell.
//
// Where things lie is measured once after the layout has changed; a move then draws from these
// numbers and asks the page for nothing.

import { drawing } from "./dom.js";

// Lines over some panels. `things` are tables and other elements by name, and `linesOf` says what is
// drawn, given where each of them lies.
export function makeLinks(panels, things, linesOf) {
  const node = drawing("svg", { class: "cs-links", "aria-hidden": "true" });
  let [places, drawn] = [null, []];
  panels.prepend(node);

  function measured() {
    if (getComputedStyle(node).display === "none") return {}; // as on a phone
    const boxOf = (one) => (one.cells ? measureGrid(panels, one) : boxIn(panels, one));
    return Object.fromEntries(Object.entries(things).map(([name, one]) => [name, boxOf(one)]));
  }

  function draw(lines) {
    if (drawn.length !== lines.length) {
      drawn = lines.map(() => drawing("path"));
      node.replaceChildren(...drawn);
    }
    lines.forEach(({ path, color, shape = "" }, at) => {
      drawn[at].setAttribute("d", path);
      drawn[at].setAttribute("class", shape);
      drawn[at].setAttribute("data-c", color);
    });
  }

  function show(wanted) {
    if (wanted) places ??= measured();
    draw(wanted && places?.meet ? linesOf(places) : []);
  }
  return { show, measure: () => (places = null) };
}

// A box of the page, in the coordinates of the panels.
function boxIn(frame, node) {
  const [a, b] = [frame.getBoundingClientRect(), node.getBoundingClientRect()];
  return makeBox(b.left - a.left, b.top - a.top, b.width, b.height);
}

function makeBox(left, top, width, height) {
  const [x, y] = [left + width / 2, top + height / 2];
  return { left, top, right: left + width, bottom: top + height, x, y };
}

// Where each cell of a grid lies: measured once at two of its corners.
function measureGrid(frame, grid) {
  const first = boxIn(frame, grid.cells[0][0]);
  const last = boxIn(frame, grid.cells.at(-1).at(-1));
  const [rows, columns] = [grid.rows.length, grid.columns.length];
  const [width, height] = [(last.right - first.left) / columns, (last.bottom - first.top) / rows];
  const at = ([row, column]) =>
    makeBox(first.left + column * width, first.top + row * height, width, height);
  return { at, bottom: last.bottom, left: first.left, right: last.right, top: first.top };
}

// A line that starts with a dot.
function dotted({ x, y }, path, color) {
  const dot = `M${x - 3.5} ${y}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z`;
  return [
    { path: `M${x} ${y}${path}`, color },
    { path: dot, color, shape: "cs-tip" },
  ];
}

// From the side of a cell to the side of a pill.
export function sideways(from, to, color) {
  const middle = (from.right + to.left) / 2;
  const path = `C${middle} ${from.y} ${middle} ${to.y} ${to.left - 2} ${to.y}`;
  return dotted({ x: from.right, y: from.y }, path, color);
}

// From the side of a cell to the lower edge of a pill that has another one before it.
export function under(from, first, to, color) {
  const run = to.bottom + 7;
  const middle = (from.right + first.left) / 2;
  const path =
    `C${middle} ${from.y} ${middle} ${run} ${first.left - 8} ${run}` +
    `H${to.x - 8}Q${to.x} ${run} ${to.x} ${to.bottom}`;
  return dotted({ x: from.right, y: from.y }, path, color);
}

// From the lower edge of a cell down to the name over a pill.
export function downwards(from, to, color) {
  const bend = (to.top - from.bottom) * 0.55;
  const path = `C${from.x} ${from.bottom + bend} ${to.x} ${to.top - bend} ${to.x} ${to.top}`;
  return dotted({ x: from.x, y: from.bottom }, path, color);
}

// From the sum to its cell, from below: there the result is still empty. `room` is where the
// table of the result starts, and ends below.
export function upInto(from, to, table, card, color) {
  const run = Math.min(Math.max(from.y, to.bottom + 14), table.bottom + 14);
  const level = Math.abs(run - from.y) < 2;
  const [end, r] = [level ? from.y : run, 10];
  const start = Math.max(from.right, card.right);
  const middle = (start + table.left) / 2;
  const bend = `H${start}C${middle} ${from.y} ${middle} ${run} ${table.left - 4} ${run}`;
  const path =
    `M${from.right + 2} ${from.y}${level ? "" : bend}H${to.x - r}` +
    `Q${to.x} ${end} ${to.x} ${Math.max(end - r, to.bottom + 4)}V${to.bottom + 6}`;
  const tip = `M${to.x - 6} ${to.bottom + 11}L${to.x} ${to.bottom + 1}L${to.x + 6} ${to.bottom + 11}Z`;
  return [
    { path, color },
    { path: tip, color, shape: "cs-tip" },
  ];
}
