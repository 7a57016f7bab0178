// While the size of a map is asked for: only the arrays that are given, and the question.

import { make, times } from "./dom.js";
import { makeGrid } from "./grid.js";
import { mapsOf, plainLines } from "./lay.js";

export function makeGivens(scene) {
  const { trace, problem } = scene;
  const names = Object.keys(problem.arrays).filter((name) => name !== "b" && name !== "dY");
  const grids = names.map((name) => {
    const size = trace.arrays[name].shape.slice(0, 2);
    const [rows, columns] = size.map(plainLines);
    const label = `${name}, ${size.join(" by ")}, as it is given`;
    const maps = mapsOf(name, { k_in: 0, k: 0 });
    return makeGrid({ role: "given", name, note: times(size), label, rows, columns, maps, text: scene.number(name) });
  });
  const meet = make("div", { class: "cs-meeting" });
  const panels = make("div", { class: "cs-panels cs-givens" }, ...grids.map((grid) => grid.node), meet);
  return { node: make("div", { class: "cs-step" }, panels), meet, show() {} };
}
