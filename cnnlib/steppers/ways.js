// Three ways to one number: the gather, the whole matrix of the layer, the scatter.

import { joining } from "./aside.js";
import { makeTable } from "./board.js";
import { div, flag, make, makeMarks, minus, seq, write } from "./dom.js";
import { layOver, writeCell } from "./grid.js";
import { plainLines, windowOn } from "./lay.js";
import { factor, shown } from "./number.js";
import { makeTables } from "./one.js";
import { makeSum } from "./sum.js";
import { remark } from "./tell.js";

export function makeWaysView(scene, tools) {
  const tables = makeTables(scene);
  const { board, card, result } = tables;
  const sum = makeSum(scene, tools.choose);
  const whole = makeMatrix(scene);
  const scatter = makeScatter(scene);
  const lines = seq(3).map(() => make("p"));
  const [gathers, reads, gives] = lines;
  const meet = div("cs-meeting");
  const told = make("p.cs-tell", ...remark(REMARK));
  const column = (title, note, ...parts) =>
    make("section.cs-way", make("h2", title, " ", make("small", note)), ...parts);
  const pair = div("cs-pair", card.node, make("div", meet, told));
  const panels = div(
    "cs-panels cs-ways",
    column("Gather", "the filter is turned", board.node, gathers),
    column("Matrix", "one entry, read two ways", whole.node, reads, pair),
    column("Scatter", "nothing is turned", div("cs-pair", ...scatter.nodes), gives, result.node),
  );
  const node = div("cs-step", sum.node, panels);

  function show(place) {
    const { step, now, term, asked } = place;
    const plane = { k_in: 0, k: 0 };
    tables.show(place, plane);
    sum.show(step, now, plane, asked);
    whole.show(step, asked.names ? null : term);
    scatter.show(asked.kind ? null : term);
    const circles = sum.node.querySelector(".cs-none") !== null;
    const texts = term && !asked.kind ? threeSentences(scene, term, circles) : [];
    lines.forEach((line, n) => line.replaceChildren(...remark(texts[n] ?? "")));
  }
  return { node, show, meet, sum };
}

// How each way comes to the product.
function threeSentences({ name }, { left, right, target, text }, circles) {
  const [dZ, W, dY] = [`{b ${name(left)}}`, `{k ${name(right)}}`, `{t ${name(target)}}`];
  const product = `{i ${minus(text)}}`;
  return [
    `${dY} takes ${product} from ${dZ}${circles ? "; ○: no product" : ""}`,
    `row ${dZ}, column ${dY}: ${W} = ${minus(shown(right.value))}`,
    `${dZ} gives ${product} to ${dY}`,
  ];
}

const REMARK =
  "The {i column} of A holds W turned: so the gather flips. " +
  "The {i row} holds W as it is stored: so the scatter does not.";

// A: a row for each cell of dZ, a column for each cell of dY; row and column cross in the weight.
function makeMatrix(scene) {
  const { problem, where, trace } = scene;
  const places = (h, w) => seq(h).flatMap((r) => seq(w).map((c) => [r, c]));
  const [rows, columns] = [places(where[0].o, where[1].o), places(where[0].n, where[1].n)];
  const weights = trace.arrays.W.values;
  const most = Math.max(...weights.map(Math.abs)) || 1;
  const cells = rows.map((z) => columns.map((y) => makeEntry(z, y)));

  function makeEntry(z, y) {
    const cell = make("td", {
      "data-left": y[1] === 0 && y[0] > 0,
      "data-top": z[1] === 0 && z[0] > 0,
    });
    const index = joining(problem, z, y);
    if (!index) return cell;
    const { value } = trace.cell("W", index);
    cell.style.setProperty("--v", `${Math.round(25 + (65 * Math.abs(value)) / most)}%`);
    flag(cell, "data-minus", value < 0);
    return cell;
  }

  const note = "a row for each dZ, a column for each dY";
  const label = `A, ${rows.length} by ${columns.length}: ${note}`;
  const body = make("tbody", ...cells.map((line) => make("tr", ...line)));
  const table = make("table", { "aria-label": label }, body);
  const caption = make("figcaption", make("b", "A"), note);
  const node = make("figure.cs-panel.cs-matrix", caption, div("cs-grid", table));
  node.style.setProperty("--across", columns.length);
  const [inRow, inColumn, cross] = ["data-row", "data-column", "data-cross"].map(makeMarks);
  let written = make("td");

  function show(step, term) {
    const at = ({ index }, width) => index[0] * width + index[1];
    const column = at(step.target, where[1].n);
    inColumn(cells.map((line) => line[column]));
    const row = term ? cells[at(term.left, where[1].o)] : [];
    inRow(row);
    cross(row.slice(column, column + 1));
    write(written, "");
    if (!term) return;
    written = row[column];
    write(written, minus(shown(term.right.value)));
  }
  return { node, show };
}

// What the marked cell of dZ gives: itself times W, as it is stored. Its cells have no names: they
// are named in the gather and in the result.
function makeScatter(scene) {
  const { trace, where } = scene;
  const table = (array, letter, more) => {
    const lines = where.map((axis) => plainLines(axis[letter]));
    const grid = makeTable(scene, { array, lines, maps: [0], ...more });
    grid.each((_, cell) => cell.removeAttribute("data-cell"));
    return grid;
  };
  const [dZ, W] = [trace.arrays.dZ.values, trace.arrays.W.values];
  const products = () => [...dZ].flatMap((x) => [...W].map((y) => shown(x * y)));
  const giver = table("dZ", "o", { role: "board", note: "gives" });
  const got = table("dY", "n", { role: "result cs-got cs-under", brief: true, texts: products });
  const frame = layOver(got, { corner: "first" });
  const [marked, now, over] = ["data-giver", "data-now", "data-over"].map(makeMarks);

  function show(term) {
    const gifts = term ? trace.gifts(term.left.index) : [];
    const given = new Map(gifts.map((gift) => [gift.target.index.join(), gift.value]));
    got.each((index, cell) => {
      const value = given.get([...index, 0].join());
      writeCell(cell, value === undefined ? undefined : shown(value));
    });
    marked(term ? [giver.cell(term.left.index)] : []);
    over(gifts.map((gift) => got.cell(gift.target.index)));
    now(term ? [got.cell(term.target.index)] : []);
    frame.node.hidden = !term;
    const note = term ? `gets ${minus(factor(term.left.value))}\u00b7W` : "";
    write(got.caption.lastElementChild, note);
    if (!term) return;
    const [rows, columns] = where.map((axis, n) => windowOn("scatter", axis, term.left.index[n]));
    frame.resize(rows.span, columns.span);
    frame.move(rows.first - where[0].before, columns.first - where[1].before);
  }
  return { nodes: [giver.node, got.node], show };
}
