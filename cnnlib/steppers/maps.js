// Several maps: a row for each, added downwards as on paper.

import { div, flag, make, makeButton, minus, seq, write } from "./dom.js";
import { makeBoard, makeCard, makeResult, resultMaps } from "./board.js";
import { mapsOf, planesOf } from "./lay.js";
import { makeMeeting } from "./meet.js";
import { factor, shown } from "./number.js";
import { markOf, planeNow } from "./one.js";
import { makeSlots, nearby, planeTerms } from "./sum.js";
import { tellOf } from "./tell.js";

const MOST_ROWS = 3; // rows of maps that are shown in full

export function makeMapsView(scene, tools) {
  const { trace, lay } = scene;
  const gives = lay.moves === "result";
  const axis = trace.kind === "forward" || trace.kind === "scatter" ? "k_in" : "k";
  const other = axis === "k" ? "k_in" : "k"; // of the result: it is not summed over
  const count = trace.channels[axis === "k_in" ? 0 : 1];
  let most = Math.min(count, MOST_ROWS);
  const rows = seq(most).map((n) => makeRow(scene, tools, n, axis));
  const others = seq(count).map((n) => makeOther(n, axis, tools.choose));
  const giver = gives ? makeBoard(scene, { k_in: 0, k: 0 }) : null;
  const results = gives ? [] : resultMaps(scene).map((maps) => makeResult(scene, maps));
  const meeting = makeMeeting(scene);
  const meet = div("cs-meeting", meeting.node);
  const [name, total, note] = [make("span", { "data-c": "t" }), make("b"), make("small")];
  const grand = div("cs-grand", name, make("span", { text: " = " }), total, note);
  const right = div(
    "cs-results",
    ...results.map((one) => one.node),
    make("p", { class: "cs-tell" }, ...tellOf(scene, true)),
  );
  const panels = make("div", { class: "cs-panels cs-maps", role: "radiogroup" });
  const node = div("cs-step", panels);

  function arrange(seen) {
    const all = others.map((other, at) =>
      seen.includes(at) ? rows[seen.indexOf(at)].node : other.node,
    );
    panels.style.setProperty("--spans", count);
    panels.replaceChildren(
      ...(giver ? [div("cs-giver", giver.node)] : []),
      ...all,
      meet,
      gives ? "" : grand,
      right,
    );
    panels.classList.toggle("cs-giving", gives);
  }

  let arranged = "";
  function show({ step, now, term, asked }) {
    const planes = planesOf(trace.kind, step, trace.channels);
    const at = Math.max(
      0,
      planes.findIndex((plane) => planeTerms(scene, step, plane).includes(now)),
    );
    const seen = nearby(count, at, most);
    if (arranged !== seen.join()) arrange(seen);
    arranged = seen.join();
    seen.forEach((map, row) => rows[row].show(step, now, planes[map], asked, map === at));
    planes.forEach((plane, map) =>
      others[map].show(subtotal(scene, step, plane), asked, planeTerms(scene, step, plane)),
    );
    giver?.show(step, term, planeNow(step, term), markOf(asked, lay.board));
    const plane = planeNow(step, term);
    for (const one of results) {
      const [map] = results.length > 1 ? one.grid.maps : [plane[other]];
      one.show(step, term, { ...plane, [other]: map }, markOf(asked, lay.result));
    }
    meeting.show(step, asked.kind ? null : term);
    write(name, trace.name(step.target ?? step.source));
    write(total, asked.kind ? "?" : minus(shown(term ? term.sum : step.value)));
    write(note, term && !asked.kind && now < step.terms.length - 1 ? "so far" : "");
    flag(panels, "aria-label", `the products of ${trace.name(step.target ?? step.source)}`);
  }

  // Show fewer maps in full, where they would be too small to read; false where that cannot be.
  function fewer() {
    if (most === 1) return false;
    most -= 1;
    arranged = "";
    return true;
  }

  function fold(name) {
    most = name === "narrow" ? 1 : Math.min(count, MOST_ROWS);
    arranged = "";
  }

  return { node, show, meet, fewer, sum: { fold } };
}

function subtotal(scene, step, plane) {
  return planeTerms(scene, step, plane).reduce((sum, n) => sum + step.terms[n].value, 0);
}

// One map: which, its board, its card, its products, what they come to.
function makeRow(scene, tools, n, axis) {
  const { lay } = scene;
  const gives = lay.moves === "result";
  const start = { k_in: axis === "k_in" ? n : 0, k: axis === "k" ? n : 0 };
  const which = div("cs-which");
  const card = makeCard(scene, start, { brief: true });
  const far = gives
    ? makeResult(scene, mapsOf(lay.result, start))
    : makeBoard(scene, start, { brief: true });
  const slots = makeSlots(scene, tools.choose);
  const [sign, total] = [make("span"), make("b")];
  const sum = div("cs-subtotal", sign, total);
  const parts = gives
    ? [which, card.node, slots.node, far.node]
    : [which, far.node, card.node, slots.node, sum];
  const node = div("cs-map", ...parts);

  function show(step, now, plane, asked, on) {
    const mine = planeTerms(scene, step, plane);
    const term = on ? step.terms[now] : null;
    write(which, `${axis} = ${plane[axis]}`);
    flag(which, "data-on", on ? "" : null);
    const marks = on ? asked : { names: asked.names, given: [] };
    card.show(step, term, plane, markOf(marks, lay.card));
    if (gives) showFar(step, now, plane, asked, term, mine);
    else far.show(step, term, plane, markOf(marks, lay.board));
    slots.show(step, now, plane, asked);
    write(sign, plane[axis] ? "+" : "");
    const value = subtotal(scene, step, plane);
    write(total, asked.kind ? "?" : minus(plane[axis] ? factor(value) : shown(value)));
  }

  // A map that gets something: all of its terms once they are past, or those up to the marked one.
  function showFar(step, now, plane, asked, term, mine) {
    const past = mine.filter((at) => at <= now).at(-1);
    far.show(step, term ?? (past === undefined ? null : step.terms[past]), plane, {
      ...markOf(asked, lay.result),
      quiet: !term,
    });
  }
  return { node, show };
}

// A map of which only the sum is shown, and a button that shows the rest.
function makeOther(n, axis, choose) {
  const which = make("div", { class: "cs-which", text: `${axis} = ${n}` });
  const total = make("b");
  const open = makeButton("cs-quiet", null, "show its products");
  const sum = div("cs-subtotal", make("span", { text: n ? "+" : "" }), total);
  const node = div("cs-map cs-only", which, div("cs-skip", open), sum);
  let last = 0;
  open.addEventListener("click", () => choose(last));

  function show(value, asked, terms) {
    last = terms.at(-1) ?? 0;
    open.hidden = !terms.length;
    write(total, asked.kind ? "?" : minus(n ? factor(value) : shown(value)));
  }
  return { node, show };
}
