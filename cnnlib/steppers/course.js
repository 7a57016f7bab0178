// The input gradient in stages: each map is made from the one before.

import { div, flag, make, seq, times } from "./dom.js";
import { makeCard } from "./board.js";
import { fitNumbers, makeGrid, writeCell } from "./grid.js";
import { shown } from "./number.js";
import { remark } from "./tell.js";

const TITLES = ["start", "spread", "append", "pad", "slide", "crop"];
const ADDED = [null, "gap", "rest", "pad"]; // which zeros a stage puts in

export function makeStagesView(scene, tools) {
  const { trace } = scene;
  const stages = seq(trace.length).map((n) => trace.step(n).stage);
  const tables = stages.map((stage, n) => makeStage(stage, n));
  const card = makeCard(scene, { k_in: 0, k: 0 });
  card.grid.box.setAttribute("data-turned", "");
  card.grid.caption.lastElementChild.textContent = "turned";
  tables[TITLES.indexOf("slide")].node.append(card.node);
  const panels = div("cs-panels cs-stages", ...tables.map((one) => one.node));
  const said = make("p.cs-stage-said");
  const node = div("cs-step", said, panels);
  panels.addEventListener("click", (event) => {
    const stage = tables.findIndex((one) => one.node.contains(event.target));
    if (stage >= 0) tools.go(stage);
  });

  function show({ step }) {
    tables.forEach((table, n) => table.show(n, step.number));
    const title = `${step.number + 1}. ${TITLES[step.number]}`;
    said.replaceChildren(...remark(`{i ${title}}: ${step.stage.done}`));
  }
  const aloud = ({ number, stage: { name, done, values } }) =>
    `${TITLES[number]}: ${done}. Now ${name} is ${values.length} by ${values[0].length}.`;
  return { node, show, aloud };
}

function lineOf(name) {
  return /^\d+$/.test(name) ? { index: Number(name) } : { index: null, why: name };
}

function makeStage(stage, n) {
  const [rows, columns] = [stage.rows, stage.columns].map((names) => names.map(lineOf));
  const size = times([rows.length, columns.length]);
  const label = `${stage.name}, ${stage.done}`;
  const role = stage.name === "dZ" ? "board" : "result";
  const grid = makeGrid({ role, name: stage.name, note: size, label, rows, columns, maps: [0] });
  fitNumbers(grid, stage.values.flat().map(shown));
  const title = make("h2", TITLES[n]);
  const node = make("section.cs-stage", title, grid.node);
  const each = (use) =>
    grid.cells.forEach((line, row) => line.forEach((cell, column) => use(cell, row, column)));
  const names = new Map();
  each((cell, row, column) => {
    names.set(cell, cell.dataset.cell);
    const isNew = [rows[row], columns[column]].some(({ why }) => why && why === ADDED[n]);
    cell.classList.toggle("cs-new", isNew);
  });

  function show(number, now) {
    const when = ["now", "before"][now - number] ?? (number > now ? "later" : "done");
    flag(node, "data-stage", when);
    const known = number <= now;
    each((cell, row, column) => {
      writeCell(cell, known ? shown(stage.values[row][column]) : undefined);
      flag(cell, "data-cell", number === now ? names.get(cell) : null);
    });
  }
  return { node, show };
}
