// A large map: the board and the result as heat, the window of the step magnified.

import { flag, make, minus, write } from "./dom.js";
import { makeBoard, makeCard, makeResult, windowsOf } from "./board.js";
import { makeFrame } from "./grid.js";
import { makeLegend } from "./heat.js";
import { planesOf } from "./lay.js";
import { boxIn, makeLinks, measureGrid } from "./links.js";
import { makeMeeting } from "./meet.js";
import { shown } from "./number.js";
import { markOf, planeNow } from "./one.js";
import { makeSum, planeTerms } from "./sum.js";
import { makeTurn } from "./turn.js";

export function makeLargeView(scene, tools) {
  const { lay } = scene;
  const start = { k_in: 0, k: 0 };
  const board = makeBoard(scene, start);
  const card = makeCard(scene, start);
  const result = makeResult(scene, lay.result.endsWith("W") ? [0, 0] : [0]);
  const sum = makeSum(scene, tools.choose, { most: 5 });
  flag(sum.node, "data-shape", "lens");
  const frame = makeFrame({ corner: lay.turned ? "last" : "first", className: "cs-window" });
  sum.slots.node.append(frame.node);
  const subtotals = makeSubtotals(scene, tools.choose);
  sum.node.append(subtotals.node);
  const meeting = makeMeeting(scene);
  const links = makeLinks();
  const turn = lay.turned && !card.grid.heat ? makeTurn(card) : null;
  const meet = make("div", { class: "cs-meeting" }, meeting.node);
  const legend = makeLegend([board.grid, card.grid, result.grid].filter((grid) => grid.heat));
  const last = make("div", { class: "cs-last" }, result.node, legend);
  const panels = make("div", { class: "cs-panels cs-large" }, links.node, board.node, sum.node, last, card.node, meet);
  const node = make("div", { class: "cs-step" }, panels);
  const moving = lay.moves === "board" ? board.grid : result.grid;
  let [places, shownPlace] = [null, null];

  function show(place) {
    shownPlace = place;
    const { step, now, term, asked } = place;
    const plane = planeNow(step, term);
    board.show(step, term, plane, markOf(asked, lay.board));
    card.show(step, term, plane, markOf(asked, lay.card));
    result.show(step, term, plane, markOf(asked, lay.result));
    sum.show(step, now, plane, asked);
    const size = sum.slots.size();
    frame.resize(Math.max(1, size.rows), Math.max(1, size.columns));
    if (!frame.node.isConnected) sum.slots.node.append(frame.node);
    subtotals.show(step, term, asked);
    meeting.show(step, asked.kind ? null : term);
    draw(place);
  }

  // From the window to the magnified one.
  function draw({ step, asked }) {
    if (!places || asked.names) return links.show([]);
    const [rows, columns] = windowsOf(scene, (step.target ?? step.source).index);
    if (!rows.span || !columns.span) return links.show([]);
    const from = places.grid.at([rows.first, columns.first]);
    const to = places.grid.at([rows.first + rows.span - 1, columns.first + columns.span - 1]);
    const left = lay.moves === "board";
    const [x, end] = left ? [to.right, places.lens.left] : [from.left, places.lens.right];
    links.show([
      { path: `M${x} ${from.top}L${end} ${places.lens.top}`, color: "k", dashed: true },
      { path: `M${x} ${to.bottom}L${end} ${places.lens.bottom}`, color: "k", dashed: true },
    ]);
  }

  function measure() {
    places = null;
    if (!panels.isConnected || getComputedStyle(links.node).display === "none") return;
    places = { grid: measureGrid(panels, moving), lens: boxIn(panels, sum.slots.node) };
    if (shownPlace) draw(shownPlace);
  }

  panels.addEventListener("click", (event) => {
    const name = event.target.closest("td[data-cell]")?.dataset.cell;
    if (name) tools.pick(name);
  });
  return { node, show, measure, meet, turn, sum, grids: { board, card, result } };
}

// What each map adds, where there are several; a click shows that map.
function makeSubtotals(scene, choose) {
  const node = make("div", { class: "cs-subtotals" });
  const buttons = [];
  const axis = scene.trace.kind === "forward" || scene.trace.kind === "scatter" ? "k_in" : "k";
  function show(step, term, asked) {
    const planes = planesOf(scene.trace.kind, step, scene.trace.channels);
    node.hidden = planes.length < 2;
    if (node.hidden) return;
    while (buttons.length < planes.length) {
      const at = buttons.length;
      const button = make("button", { type: "button", class: "cs-button" });
      button.addEventListener("click", () => choose(Number(button.dataset.last)));
      buttons.push(button);
      node.append(buttons[at]);
    }
    planes.forEach((plane, at) => {
      const terms = planeTerms(scene, step, plane);
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
