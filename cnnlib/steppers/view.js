// Which picture a problem gets.

import { makeStagesView } from "./course.js";
import { isLarge } from "./heat.js";
import { makeLargeView } from "./large.js";
import { boardLines, planesOf, resultLines } from "./lay.js";
import { makeMapsView } from "./maps.js";
import { makePoolView } from "./maxpool.js";
import { makeOneView } from "./one.js";
import { makeWaysView } from "./ways.js";

export function makeView(scene, tools) {
  const { trace, where, problem } = scene;
  if (problem.kind === "stride") return makeStagesView(scene, tools);
  if (problem.kind === "pool") return makePoolView(scene);
  const lines = [boardLines, resultLines].map((of) => where.map((axis) => of(trace.kind, axis)));
  if (lines.some(([rows, columns]) => isLarge(rows, columns))) return makeLargeView(scene, tools);
  if (problem.kind === "three") return makeWaysView(scene, tools);
  const planes = planesOf(trace.kind, trace.step(0), trace.channels);
  return planes.length > 1 ? makeMapsView(scene, tools) : makeOneView(scene, tools);
}
