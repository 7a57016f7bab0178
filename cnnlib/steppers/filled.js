// The numbers of a result as it fills; only those that a move has changed are written.

import { flag } from "./dom.js";
import { writeCell } from "./grid.js";
import { shown } from "./number.js";

export function fillerOf(scene, grid) {
  return scene.lay.moves === "result" ? givenSoFar(scene, grid) : summedSoFar(scene, grid);
}

// Done, the sum so far, or nothing yet.
function summedSoFar({ trace }, grid) {
  let [before, wasSecret] = [null, false];
  return (step, term, { hide, bare, secret, moved }) => {
    const all = moved || before === null || secret !== wasSecret;
    const [from, to] = all
      ? [0, Infinity]
      : [Math.min(before, step.number), Math.max(before, step.number)];
    [before, wasSecret] = [step.number, secret];
    grid.each((index, cell) => {
      const full = [...index, ...grid.maps];
      const number = trace.position(full);
      if (number < from || number > to) return;
      const done = number < step.number && !secret;
      const here = hide || bare ? "?" : shown(term ? term.sum : step.value);
      const now = number === step.number && !secret;
      writeCell(cell, now ? here : done ? shown(trace.resultValue(full)) : undefined);
      flag(cell, "data-done", done);
      grid.heat?.paint(index, done ? trace.resultValue(full) : null);
    });
  };
}

// Of a pass that gives: what earlier cells gave, and the terms of this one up to the marked one.
function givenSoFar({ trace }, grid) {
  let before = null;
  let touched = [];
  return (step, term, { hide, bare, moved }) => {
    const nameOf = (one) => one.target.index.join();
    const last = term && !bare ? step.terms.indexOf(term) : -1;
    const sums = new Map(step.terms.slice(0, last + 1).map((one) => [nameOf(one), one.sum]));
    if (hide && last >= 0) sums.set(nameOf(term), null);
    const near = !moved && before !== null && Math.abs(before - step.number) <= 1;
    const targets = new Set(step.terms.map(nameOf));
    const reach = new Set([...touched, ...targets]);
    [before, touched] = [step.number, targets];
    grid.each((index, cell) => {
      const full = [...index, ...grid.maps];
      const name = full.join();
      if (near && !reach.has(name)) return;
      const value = sums.has(name) ? sums.get(name) : trace.valueBefore(full, step.number);
      writeCell(cell, value === null ? "?" : shown(value));
      grid.heat?.paint(index, value);
    });
  };
}
