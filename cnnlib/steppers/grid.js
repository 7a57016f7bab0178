// A table of cells: an array, or a part of one, with zeros around it, and the window over it.

import { div, drawing, flag, make, makeMarks, minus, write } from "./dom.js";
import { fullName } from "./trace.js";

const ZERO_WORDS = { pad: "zero put in: padding", gap: "zero put in: gap", rest: "left-over line" };

function headerCell(scope, line) {
  if (line.index !== null) return make("th", { scope, text: String(line.index) });
  return make("th", { scope }, make("span.cs-unseen", ZERO_WORDS[line.why]));
}

// rows, columns: lines as lay.js makes them; text(index): the number of a cell, where it is known.
// Returns the table and ways to it: cell(index), its place, all of them.
// plain: nothing but text in a cell, since none is moved or turned.
export function makeGrid({ role, name, note = "", label, rows, columns, maps, text, plain }) {
  const heads = [rows, columns].map((lines, axis) =>
    lines.map((line) => headerCell(axis ? "col" : "row", line)),
  );
  const cells = rows.map((row) => columns.map((column) => gridCell(row, column, plain)));
  const body = cells.map((line, row) => make("tr", heads[0][row], ...line));
  const head = make("thead", make("tr", make("td"), ...heads[1]));
  const table = make("table", { "aria-label": label }, head, make("tbody", ...body));
  const box = div("cs-grid", table);
  const title = make("b", name);
  const tagged = make("span.cs-tag");
  const caption = make("figcaption", title, tagged, make("span", note));
  const node = make("figure", { class: `cs-panel cs-${role}` }, caption, box);
  const marks = makeMarks("data-on");
  const places = [rows, columns].map((lines) => new Map(lines.map((one, at) => [one.index, at])));
  const grid = { node, box, caption, tagged, rows, columns, cells, heads, maps: null, heat: null };

  grid.place = (index) => [places[0].get(index[0]), places[1].get(index[1])];
  grid.cell = (index) => cells[places[0].get(index[0])]?.[places[1].get(index[1])];
  const all = rows.flatMap((row, r) =>
    columns.map((column, c) => [[row.index, column.index], cells[r][c]]),
  );
  const stored = all.filter(([index]) => !index.includes(null));
  grid.each = (use) => stored.forEach(([index, cell]) => use(index, cell));
  grid.light = (index) =>
    marks(index ? places.map((place, axis) => heads[axis][place.get(index[axis])]) : []);
  grid.show = (nowMaps) => {
    if (grid.maps && nowMaps.every((map, at) => map === grid.maps[at])) return;
    grid.maps = nowMaps;
    grid.each((index, cell) => {
      flag(cell, "data-cell", fullName({ array: name, index: [...index, ...nowMaps] }));
      if (text) writeCell(cell, text([...index, ...nowMaps]));
    });
    grid.heat?.remap();
  };
  grid.show(maps);
  return grid;
}

function gridCell(row, column, plain) {
  const zero = row.index === null || column.index === null;
  const text = zero ? "0" : "";
  return make("td", { class: zero ? "cs-zero" : null }, plain ? text : make("span", text));
}

// The number of a cell; without one a dot: nothing yet.
export function writeCell(cell, text = "\u00b7") {
  write(cell.firstElementChild ?? cell, minus(text));
}

// How wide the cells of a table must be, as a multiple of their height, and how large the type:
// numbers of up to four characters fit a square.
export function fitNumbers(grid, texts) {
  const longest = Math.max(1, ...texts.map((text) => text.length));
  const wide = Math.max(1, longest * 0.185);
  grid.node.style.setProperty("--wide", wide.toFixed(3));
  grid.node.style.setProperty("--type", ((0.92 * wide) / (0.64 * longest)).toFixed(3));
}

// The window: a frame that is cut at the card's index (0, 0), with the card's numbers in it.
export function makeFrame({ corner = null, className = "cs-window" } = {}) {
  const [edge, notch] = [
    drawing("path", { class: "cs-edge" }),
    drawing("path", { class: "cs-cut" }),
  ];
  const shape = drawing("svg", { class: "cs-shape", preserveAspectRatio: "none" }, notch, edge);
  const node = make("div", { class: `cs-frame ${className}`, "aria-hidden": "true" }, shape);
  let size = "";

  // cut: whether the card's corner lies in it; at an edge of the board it may lie outside.
  function resize(rows, columns, cut = true) {
    if (size === `${rows} ${columns} ${cut}`) return;
    size = `${rows} ${columns} ${cut}`;
    node.style.setProperty("--rows", rows);
    node.style.setProperty("--columns", columns);
    shape.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    const [path, off] = outline(rows, columns, cut ? corner : null);
    edge.setAttribute("d", path);
    notch.setAttribute("d", off);
  }

  function move(row, column) {
    node.style.setProperty("--row", row);
    node.style.setProperty("--column", column);
  }
  return { node, resize, move };
}

// A frame that lies over a table.
export function layOver(grid, how) {
  const frame = makeFrame(how);
  grid.box.append(frame.node);
  return frame;
}

function outline(h, w, corner) {
  const c = Math.min(0.34, h / 3, w / 3);
  if (corner === "first") return [`M${c} 0H${w}V${h}H0V${c}Z`, `M0 0H${c}L0 ${c}Z`];
  if (corner === "last")
    return [`M0 0H${w}V${h - c}L${w - c} ${h}H0Z`, `M${w} ${h}H${w - c}L${w} ${h - c}Z`];
  return [`M0 0H${w}V${h}H0Z`, ""];
}

// The numbers that lie in the window, each on its cell: a way to write them.
export function makeLying(frame) {
  const numbers = [];
  return (entries) => {
    while (numbers.length < entries.length) {
      numbers.push(make("small"));
      frame.node.append(numbers.at(-1));
    }
    numbers.forEach((node, at) => {
      const entry = entries[at];
      node.hidden = !entry;
      write(node, entry ? minus(entry.text) : "");
      if (!entry) return;
      node.classList.toggle("cs-lit", Boolean(entry.lit));
      node.style.setProperty("--row", entry.row);
      node.style.setProperty("--column", entry.column);
    });
  };
}
