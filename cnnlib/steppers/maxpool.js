// The way back through a max pool: one cell of each window gets all of the gradient.

import { makeTable } from "./board.js";
import { div, make, makeMarks, minus, phrase, write } from "./dom.js";
import { downwards, makeLinks, sideways, upInto } from "./links.js";
import { makeFrame, writeCell } from "./grid.js";
import { plainLines } from "./lay.js";
import { factor, shown } from "./number.js";

export function makePoolView(scene) {
  const { trace, where } = scene;
  const table = (role, array, letter, note) => {
    const lines = where.map((axis) => plainLines(axis[letter]));
    const text = trace.arrays[array] ? scene.number(array) : null;
    const texts = text ? null : () => [...trace.arrays.dZ.values].map(shown);
    return makeTable(scene, { role, array, lines, maps: [0], note, text, texts });
  };
  const board = table("board", "Y", "n", "input of the pool");
  const giver = table("card", "dZ", "o", "gives");
  const result = table("result", "dY", "n");
  const frame = makeFrame({ className: "cs-window" });
  board.box.append(frame.node);
  const marks = Object.fromEntries(
    ["data-now", "data-tie", "data-over"].map((name) => [name, makeMarks(name)]),
  );
  const [max, sum, said] = [div("cs-max"), div("cs-added"), make("p", { class: "cs-tell" })];
  const [before, total] = [make("span"), make("b", { class: "cs-pill", "data-c": "t" })];
  sum.append(before, total);
  const meeting = make("div", { class: "cs-meet", "aria-hidden": "true" }, max, sum);
  const meet = div("cs-meeting", meeting);
  const last = div("cs-last", result.node, said);
  const panels = div("cs-panels cs-one", board.node, giver.node, meet, last);
  const links = makeLinks(panels, { board, giver, result, meet, total }, linesOf);
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
    marks["data-over"](at(step.window));
    giver.mark(step.source);
    for (const grid of [board, result]) grid.mark(asked.names ? null : term.target);
    marks["data-now"](asked.names ? [] : [result.cell(term.target.index)]);
    marks["data-tie"](asked.names ? [] : at(step.ties));
    result.each((index, cell) => {
      const full = [...index, k];
      const here = !secret && full.join() === term.target.index.join();
      writeCell(cell, shown(here ? term.sum : trace.valueBefore(full, step.number)));
    });
    tell(step, term, asked);
    links.show(!asked.kind);
  }

  function tell(step, term, asked) {
    const numbers = step.window.map((cell) => minus(shown(cell.value))).join(", ");
    const winner = trace.cell("Y", term.target.index);
    max.replaceChildren(
      ...phrase([
        `largest of ${numbers}: `,
        ["b", `${scene.name(winner)} = ${minus(shown(winner.value))}`],
      ]),
    );
    const old = trace.valueBefore(term.target.index, step.number);
    write(before, minus(`${shown(old)} + ${factor(term.value)} = `));
    write(total, minus(shown(term.sum)));
    const ties = step.ties.map(scene.name).join(", ");
    const tie = [" A tie: ", ["b", ties], " is as large, but the first in row order gets all."];
    const goes = [["k", scene.name(step.source)], " goes to ", ["t", scene.name(term.target)]];
    const all = [...goes, " alone: only the cell that won moves the loss.", ...(ties ? tie : [])];
    said.replaceChildren(...(asked.kind ? [] : phrase(all)));
  }

  function linesOf(places) {
    const { left, target } = shownTerm;
    const from = places.giver.at(giver.place(left.index));
    const to = places.result.at(result.place(target.index));
    const { x, top } = places.meet;
    return [
      ...sideways(places.board.at(board.place(target.index)), places.meet, "b"),
      ...downwards(from, { x, top }, "k"),
      ...upInto(places.total, to, places.result, places.meet, "t"),
    ];
  }

  const aloud = () => said.textContent;
  return { node, show, measure: links.measure, meet, aloud };
}
