// Several maps: a row for each, added downwards as on paper.

import { div, flag, make, makeButton, minus, seq, write } from "./dom.js";
import { makeBoard, makeCard, makeResult, resultMaps } from "./board.js";
import { mapsOf, planesOf, summedAxis } from "./lay.js";
import { makeMeeting } from "./meet.js";
import { factor, shown } from "./number.js";
import { markOf, planeNow } from "./one.js";
import { makeSlots, nearby, planeTerms } from "./sum.js";
import { tellOf } from "./tell.js";

const MOST_ROWS = 3; // rows of maps that are shown in full

export function makeMapsView(scene, tools) {
  const { trace, lay } = scene;
  const gives = lay.moves === "result";
  const axis = summedAxis(trace.kind);
  const other = axis === "k" ? "k_in" : "k"; // of the result: it is not summed over
  const count = trace.channels[axis === "k_in" ? 0 : 1];
  let most = Math.min(count, MOST_ROWS);
  const rows = seq(most).map((n) => makeRow(scene, tools, n, axis));
  const others = seq(count).map((n) => makeOther(n, axis, tools.choose));
  const giver = gives ? makeBoard(scene, { k_in: 0, k: 0 }) : null;
  const results = gives ? [] : resultMaps(scene).map((maps) => makeResult(scene, maps));
  const meeting = makeMeeting(scene);
  const meet = div("cs-meeting", meeting.node);
  const grand = makeGrand(scene);
  const tell = make("p.cs-tell", ...tellOf(scene, true));
  const right = div("cs-results", ...results.map((one) => one.node), tell);
  const panels = make("div.cs-panels.cs-maps", { role: "radiogroup" });
  const node = div("cs-step", panels);
  panels.style.setProperty("--spans", count);
  panels.classList.toggle("cs-giving", gives);

  function arrange(seen) {
    const each = seq(count).map((n) => rows[seen.indexOf(n)] ?? others[n]);
    const first = giver ? [div("cs-giver", giver.node)] : [];
    const sum = gives ? [] : [grand.node];
    panels.replaceChildren(...first, ...each.map((one) => one.node), meet, ...sum, right);
  }

  let arranged = "";
  function show({ step, now, term, asked }) {
    const planes = planesOf(trace.kind, step, trace.channels);
    const terms = planes.map((plane) => planeTerms(step, plane));
    const at = Math.max(
      0,
      terms.findIndex((mine) => mine.includes(now)),
    );
    const seen = nearby(count, at, most);
    if (arranged !== seen.join()) arrange(seen);
    arranged = seen.join();
    seen.forEach((map, row) => rows[row].show(step, now, planes[map], asked, map === at));
    others.forEach((one, map) => one.show(step, terms[map], asked));
    const plane = planeNow(step, term);
    giver?.show(step, term, plane, markOf(asked, lay.board));
    for (const one of results) {
      const [map] = results.length > 1 ? one.grid.maps : [plane[other]];
      one.show(step, term, { ...plane, [other]: map }, markOf(asked, lay.result));
    }
    meeting.show(step, asked.kind ? null : term);
    grand.show(step, now, asked);
    flag(panels, "aria-label", `the products of ${scene.name(step.target ?? step.source)}`);
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

// The sum of all maps, as far as it goes.
function makeGrand(scene) {
  const [name, total, note] = [make("span", { "data-c": "t" }), make("b"), make("small")];
  function show(step, now, asked) {
    const term = step.terms[now];
    write(name, scene.name(step.target ?? step.source));
    write(total, asked.kind ? "?" : minus(shown(term ? term.sum : step.value)));
    write(note, term && !asked.kind && now < step.terms.length - 1 ? "so far" : "");
  }
  return { node: div("cs-grand", name, make("span", " = "), total, note), show };
}

// What map n comes to; from the second one on, it is added.
function makeSubtotal() {
  const [sign, total] = [make("span"), make("b")];
  function show(step, terms, n, asked) {
    const value = terms.reduce((sum, at) => sum + step.terms[at].value, 0);
    write(sign, n ? "+" : "");
    write(total, asked.kind ? "?" : minus(n ? factor(value) : shown(value)));
  }
  return { node: div("cs-subtotal", sign, total), show };
}

// One map: which, its board, its card, its products, what they come to.
function makeRow(scene, tools, n, axis) {
  const { lay } = scene;
  const gives = lay.moves === "result";
  const start = { k_in: 0, k: 0, [axis]: n };
  const which = div("cs-which");
  const card = makeCard(scene, start, { brief: true });
  const far = gives
    ? makeResult(scene, mapsOf(lay.result, start))
    : makeBoard(scene, start, { brief: true });
  const slots = makeSlots(scene, tools.choose);
  const sum = makeSubtotal();
  const parts = gives ? [card, slots, far] : [far, card, slots, sum];
  const node = div("cs-map", which, ...parts.map((part) => part.node));

  function show(step, now, plane, asked, on) {
    const mine = planeTerms(step, plane);
    const term = on ? step.terms[now] : null;
    write(which, `${axis} = ${plane[axis]}`);
    flag(which, "data-on", on);
    const marks = on ? asked : { names: asked.names, given: [] };
    card.show(step, term, plane, markOf(marks, lay.card));
    if (gives) showFar(step, plane, asked, term, mine.filter((at) => at <= now).at(-1));
    else far.show(step, term, plane, markOf(marks, lay.board));
    slots.show(step, now, plane, asked);
    sum.show(step, mine, plane[axis], asked);
  }

  // A map that gets something: up to the marked term, or the last one of its own that is past.
  function showFar(step, plane, asked, term, past) {
    const mark = { ...markOf(asked, lay.result), quiet: !term };
    far.show(step, term ?? step.terms[past] ?? null, plane, mark);
  }
  return { node, show };
}

// A map of which only the sum is shown, and a button that shows the rest.
function makeOther(n, axis, choose) {
  const open = makeButton("cs-quiet", null, "show its products");
  const sum = makeSubtotal();
  const which = div("cs-which", `${axis} = ${n}`);
  const node = div("cs-map cs-only", which, div("cs-skip", open), sum.node);
  let last = 0;
  open.addEventListener("click", () => choose(last));

  function show(step, terms, asked) {
    last = terms.at(-1) ?? 0;
    open.hidden = !terms.length;
    sum.show(step, terms, n, asked);
  }
  return { node, show };
}
