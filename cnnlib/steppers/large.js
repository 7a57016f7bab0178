// A large map: the board and the result as heat, the window of the step magnified.

import { div, flag, makeButton, minus, write } from "./dom.js";
import { makeFrame } from "./grid.js";
import { makeLegend } from "./heat.js";
import { planesOf, summedAxis } from "./lay.js";
import { makeLinks } from "./links.js";
import { makeMeeting } from "./meet.js";
import { shown } from "./number.js";
import { makeTables, planeNow } from "./one.js";
import { makeSum, planeTerms } from "./sum.js";
import { makeTurn } from "./turn.js";
import { windowsOf } from "./window.js";

export function makeLargeView(scene, tools) {
  const { lay } = scene;
  const tables = makeTables(scene);
  const { board, card, result } = tables;
  const sum = makeSum(scene, tools.choose, { most: 5 });
  const frame = makeFrame({ corner: lay.turned ? "last" : "first" });
  const subtotals = makeSubtotals(scene, tools.choose);
  sum.node.append(subtotals.node);
  const meeting = makeMeeting(scene);
  const turn = lay.turned && !card.grid.heat ? makeTurn(card) : null;
  const meet = div("cs-meeting", meeting.node);
  const grids = [board, card, result].map((one) => one.grid);
  const last = div("cs-last", result.node, makeLegend(grids.filter((grid) => grid.heat)));
  const panels = div("cs-panels cs-large", board.node, sum.node, last, card.node, meet);
  const gives = lay.moves === "result";
  const things = { grid: (gives ? result : board).grid, lens: sum.slots.node, meet };
  const links = makeLinks(panels, things, linesOf);
  let covered = [];

  function show(place) {
    const { step, now, term, asked } = place;
    const plane = planeNow(step, term);
    tables.show(place, plane);
    sum.show(step, now, plane, asked);
    frame.resize(...sum.slots.size().map((count) => Math.max(1, count)));
    if (!frame.node.isConnected) sum.slots.node.append(frame.node);
    subtotals.show(step, term, asked);
    meeting.show(step, asked.kind ? null : term);
    covered = windowsOf(scene, (step.target ?? step.source).index);
    links.show(!asked.names && covered.every(({ span }) => span));
  }

  // From the window to the magnified one.
  function linesOf({ grid, lens }) {
    const from = grid.at(covered.map(({ first }) => first));
    const to = grid.at(covered.map(({ first, span }) => first + span - 1));
    const [x, end] = gives ? [from.left, lens.right] : [to.right, lens.left];
    const line = (y, at) => ({ path: `M${x} ${y}L${end} ${at}`, color: "k", shape: "cs-zoom" });
    return [line(from.top, lens.top), line(to.bottom, lens.bottom)];
  }
  return { node: div("cs-step", panels), show, measure: links.measure, meet, turn, sum };
}

// What each map adds, where there are several; a click shows that map.
function makeSubtotals(scene, choose) {
  const node = div("cs-subtotals");
  const buttons = [];
  const axis = summedAxis(scene.trace.kind);
  function show(step, term, asked) {
    const planes = planesOf(scene.trace.kind, step, scene.trace.channels);
    node.hidden = planes.length < 2;
    if (node.hidden) return;
    while (buttons.length < planes.length) {
      const button = makeButton("", null, "");
      button.addEventListener("click", () => choose(Number(button.dataset.last)));
      buttons.push(button);
      node.append(button);
    }
    planes.forEach((plane, at) => {
      const terms = planeTerms(step, plane);
      const total = terms.reduce((sum, n) => sum + step.terms[n].value, 0);
      const known = !asked.kind && !step.source;
      write(buttons[at], `${axis} = ${plane[axis]}${known ? `: ${minus(shown(total))}` : ""}`);
      buttons[at].dataset.last = terms.at(-1) ?? -1;
      flag(buttons[at], "aria-disabled", terms.length ? null : "true");
      flag(buttons[at], "aria-pressed", terms.includes(step.terms.indexOf(term)));
    });
  }
  return { node, show };
}
