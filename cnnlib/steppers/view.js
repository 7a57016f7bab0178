// Which picture a problem gets.

import { boardLines, planesOf, resultLines } from "./lay.js";
import { isLarge } from "./heat.js";
import { makeLargeView } from "./large.js";
import { makeMapsView } from "./maps.js";
import { makeOneView } from "./one.js";

export function makeView(scene, tools) {
  const { trace, where } = scene;
  const lines = [boardLines, resultLines].map((of) => where.map((axis) => of(trace.kind, axis)));
  if (lines.some(([rows, columns]) => isLarge({ rows, columns }))) return makeLargeView(scene, tools);
  const planes = planesOf(trace.kind, trace.step(0), trace.channels);
  return planes.length > 1 ? makeMapsView(scene, tools) : makeOneView(scene, tools);
}
