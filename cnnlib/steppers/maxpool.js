// The way back through a max pool: one cell of each window gets all of the gradient.

import { makeTable } from "./board.js";
import { div, make, makeMarks, minus, write } from "./dom.js";
import { downwards, makeLinks, sideways, upInto } from "./links.js";
import { layOver, writeCell } from "./grid.js";
import { plainLines } from "./lay.js";
import { factor, shown } from "./number.js";
import { remark } from "./tell.js";

export function makePoolView(scene) {
  const { trace, where } = scene;
  const table = (role, array, letter, note) => {
    const lines = where.map((axis) => plainLines(axis[letter]));
    const texts = () => [...(trace.arrays[array] ?? trace.arrays.dZ).values].map(shown);
    return makeTable(scene, { role, array, lines, maps: [0], note, texts });
  };
  const board = table("board", "Y", "n", "input of the pool");
  const giver = table("card", "dZ", "o", "gives");
  const result = table("result", "dY", "n");
  const frame = layOver(board);
  const [now, tied, over] = ["data-now", "data-tie", "data-over"].map(makeMarks);
  const won = makeWon(scene);
  const meet = div("cs-meeting", won.node);
  const last = div("cs-last", result.node, won.said);
  const panels = div("cs-panels cs-one", board.node, giver.node, meet, last);
  const links = makeLinks(panels, { board, giver, result, meet, total: won.total }, linesOf);
  const node = div("cs-step", panels);
  let shownTerm = null;

  function show(place) {
    const { step, term, asked } = place;
    shownTerm = term;
    const [i, j, k] = step.source.index;
    giver.turnTo([k]);
    for (const grid of [board, result]) grid.turnTo([k], asked.names === "dY");
    frame.resize(where[0].f, where[1].f);
    frame.move(i * where[0].s, j * where[1].s);
    const secret = asked.names || asked.hide;
    const at = (cells) => cells.map((cell) => board.cell(cell.index));
    over(at(step.window));
    giver.mark(step.source);
    for (const grid of [board, result]) grid.mark(asked.names ? null : term.target);
    now(asked.names ? [] : [result.cell(term.target.index)]);
    tied(asked.names ? [] : at(step.ties));
    result.each((index, cell) => {
      const full = [...index, k];
      const here = !secret && full.join() === term.target.index.join();
      writeCell(cell, shown(here ? term.sum : trace.valueBefore(full, step.number)));
    });
    won.show(step, term, asked);
    links.show(!asked.kind);
  }

  function linesOf(places) {
    const { left, target } = shownTerm;
    const from = places.giver.at(giver.place(left.index));
    const to = places.result.at(result.place(target.index));
    const { x, top } = places.meet;
    const sumBox = meet.hasAttribute("data-asking") ? places.meet : places.total;
    return [
      ...sideways(places.board.at(board.place(target.index)), places.meet, "b"),
      ...downwards(from, { x, top }, "k"),
      ...upInto(sumBox, to, places.result, places.meet, "t"),
    ];
  }

  return { node, show, measure: links.measure, meet, aloud: won.aloud };
}

// Which cell of a window won, and what it gets.
function makeWon(scene) {
  const { trace, name } = scene;
  const [max, before, said] = [div("cs-max"), make("span"), make("p.cs-tell")];
  const total = make("b.cs-pill", { "data-c": "t" });
  const sum = div("cs-added", before, total);
  const node = make("div.cs-meet", { "aria-hidden": "true" }, max, sum);

  function show(step, term, asked) {
    const numbers = step.window.map((cell) => minus(shown(cell.value))).join(", ");
    const winner = trace.cell("Y", term.target.index);
    const most = `{b ${name(winner)} = ${minus(shown(winner.value))}}`;
    max.replaceChildren(...remark(`largest of ${numbers}: ${most}`));
    const old = trace.valueBefore(term.target.index, step.number);
    write(before, minus(`${shown(old)} + ${factor(term.value)} = `));
    write(total, minus(shown(term.sum)));
    const goes = `{k ${name(step.source)}} goes to {t ${name(term.target)}} alone`;
    const ties = step.ties.map(name).join(", ");
    const tie = ` A tie: {b ${ties}} is as large, but the first in row order gets all.`;
    const all = `${goes}: only the cell that won moves the loss.${ties ? tie : ""}`;
    said.replaceChildren(...remark(asked.kind ? "" : all));
  }

  // "dZ(1, 1), 4, goes to dY(3, 2), now 9: Y(3, 2), 5, is the largest of its window."
  function aloud({ source, terms: [term], ties }) {
    const winner = trace.cell("Y", term.target.index);
    const told = (cell) => `${name(cell)}, ${shown(cell.value)},`;
    const goes = `${told(source)} goes to ${name(term.target)}, now ${shown(term.sum)}`;
    const tie = ties.length ? ` A tie: ${ties.map(name).join(", ")} is as large.` : "";
    return `${goes}: ${told(winner)} is the largest of its window.${tie}`;
  }
  return { node, said, total, show, aloud };
}
