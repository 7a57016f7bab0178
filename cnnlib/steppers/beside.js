// What stands beside a pass: what a nudge of the weight changes, or what the activation makes of Z.

import { activated, nudged } from "./aside.js";
import { make, minus, write } from "./dom.js";
import { fitNumbers, makeGrid, writeCell } from "./grid.js";
import { plainLines } from "./lay.js";
import { shown } from "./number.js";

export function makeAside(scene) {
  const makers = { nudge: makeNudge, activation: makeActivation };
  return makers[scene.problem.kind]?.(scene) ?? null;
}

// A table of the size of Z, for one of its maps.
function makeExtra(scene, name, note, role) {
  const [rows, columns] = scene.where.map((axis) => plainLines(axis.o));
  const label = `${name}, ${note}`;
  return makeGrid({ role, name, note, label, rows, columns, maps: [0] });
}

function makeSaid() {
  const node = make("p", { class: "cs-tell" });
  return { node, show: (text) => write(node, minus(text)), told: () => node.textContent };
}

function makeNudge(scene) {
  const { problem, trace } = scene;
  const table = makeExtra(scene, "gain", "of Z", "gain");
  const said = makeSaid();
  const gains = [...trace.arrays.Y.values].map((value) => value * problem.extras.amount);
  fitNumbers(table, gains.map(shown));
  table.each((_, cell) => cell.removeAttribute("data-cell")); // it is no array of the pass

  function show({ step, asked }) {
    const made = nudged(problem, step);
    table.each((index, cell) =>
      writeCell(cell, asked.names ? undefined : shown(made.gain(...index))),
    );
    said.show(asked.kind ? "" : made.sentence);
  }
  return { nodes: [table.node, said.node], show, told: said.told };
}

function makeActivation(scene) {
  const { problem, trace } = scene;
  const name = problem.extras.activation;
  const tables = [["y", makeExtra(scene, "Y_out", `${name}(Z)`, "out")]];
  if (problem.dY) {
    tables.push(["back", makeExtra(scene, "dZ", "dY_out \u00b7 slope", "back")]);
    tables.push(["arrived", makeExtra(scene, "dY_out", "arrives", "out")]);
  }
  const said = makeSaid();
  for (const [part, table] of tables) fitNumbers(table, valuesOf(problem, trace, part, table));

  function show({ step, now, asked }) {
    const complete = now >= step.terms.length - 1 && !asked.kind;
    const made = activated(problem, step);
    for (const [part, table] of tables) {
      table.show(step.target.index.slice(2));
      table.each((index, cell) => {
        const full = [...index, ...table.maps];
        const number = trace.position(full);
        const known =
          part === "arrived" || number < step.number || (complete && number === step.number);
        writeCell(cell, known ? shown(made.at(full)[part]) : undefined);
        cell.toggleAttribute("data-now", number === step.number);
      });
    }
    const waits = "The sum is not complete yet: its activation waits for the last term.";
    said.show(asked.kind ? "" : complete ? made.sentence : waits);
  }
  const nodes = [...tables.map(([, table]) => table.node), said.node];
  return { nodes, show, told: said.told };
}

function valuesOf(problem, trace, part, table) {
  const { at } = activated(problem, trace.step(0));
  const texts = [];
  table.each((index) => texts.push(shown(at([...index, 0])[part])));
  return texts;
}
