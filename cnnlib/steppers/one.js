// One map: the sum, the board, the card over the meeting place, and the result.

import { makeAside } from "./beside.js";
import { div, make } from "./dom.js";
import { makeBoard, makeCard, makeResult } from "./board.js";
import { cellOf, planeOf } from "./lay.js";
import { downwards, makeLinks, sideways, under, upInto } from "./links.js";
import { makeMeeting } from "./meet.js";
import { makeSum } from "./sum.js";
import { tellOf } from "./tell.js";
import { makeTurn } from "./turn.js";

// The plane of a step that is shown: that of its marked term.
export function planeNow(step, term) {
  return planeOf(term ? [term.left, term.right, term.target] : [step.target ?? step.source]);
}

// How a table is marked while something is asked: only what is given, nothing that lies there.
export function markOf({ names, given, hide, secret }, array) {
  const cell = names ? (given?.find((one) => one.array === array) ?? null) : null;
  const bare = Boolean(names);
  return { bare, given: cell, hide, secret: Boolean(secret), chosen: names === array };
}

// The three tables of a step together.
export function makeTables(scene) {
  const { lay } = scene;
  const start = { k_in: 0, k: 0 };
  const board = makeBoard(scene, start);
  const card = makeCard(scene, start);
  const result = makeResult(scene, lay.result.endsWith("W") ? [0, 0] : [0]);
  function show({ step, term, asked }, plane) {
    board.show(step, term, plane, markOf(asked, lay.board));
    card.show(step, term, plane, markOf(asked, lay.card));
    result.show(step, term, plane, markOf(asked, lay.result));
  }
  return { board, card, result, show };
}

export function makeOneView(scene, tools) {
  const { lay } = scene;
  const tables = makeTables(scene);
  const { board, card, result } = tables;
  const sum = makeSum(scene, tools.choose);
  const meeting = makeMeeting(scene);
  const aside = makeAside(scene);
  const tell = aside ? [] : [make("p.cs-tell", ...tellOf(scene))];
  const turn = lay.turned ? makeTurn(card, draw) : null;
  const meet = div("cs-meeting", meeting.node);
  const last = div("cs-last", result.node, ...(aside?.nodes ?? tell));
  const panels = div("cs-panels cs-one", board.node, card.node, meet, last);
  const node = div("cs-step", sum.node, panels);
  const grids = { board: board.grid, card: card.grid, result: result.grid };
  const { left, right, leftName, rightName, sum: total } = meeting;
  const pills = { left, right, leftName, rightName, total };
  const links = makeLinks(panels, { ...grids, meet, ...pills }, linesOf);
  let shownPlace = null;

  function show(place) {
    shownPlace = place;
    const { step, now, term, asked } = place;
    const plane = planeNow(step, term);
    tables.show(place, plane);
    sum.show(step, now, plane, asked);
    meeting.show(step, asked.kind ? null : term);
    aside?.show(place);
    draw();
  }

  function draw() {
    links.show(shownPlace.term && !shownPlace.asked.kind);
  }

  function linesOf(places) {
    const { term } = shownPlace;
    const from = places.board.at(placeOf(board.grid, cellOf(term, lay.board)));
    const by = places.card.at(placeOf(card.grid, cellOf(term, lay.card), turn?.turned()));
    const to = places.result.at(placeOf(result.grid, term.target));
    if (meet.hasAttribute("data-asking")) {
      const up = upInto(places.meet, to, places.result, places.meet, "t");
      return [...sideways(from, places.meet, "b"), ...up];
    }
    const first = scene.trace.left === lay.board;
    const [near, far] = first ? [places.left, places.right] : [places.right, places.left];
    const nameOver = first ? places.rightName : places.leftName;
    const into = first ? sideways(from, near, "b") : under(from, far, near, "b");
    const up = upInto(places.total, to, places.result, places.meet, "t");
    return [...into, ...downwards(by, nameOver, "k"), ...up];
  }
  return { node, show, measure: links.measure, meet, turn, sum, told: aside?.told };
}

function placeOf(grid, cell, turned = false) {
  const place = grid.place(cell.index);
  const [rows, columns] = [grid.rows.length, grid.columns.length];
  return turned ? [rows - 1 - place[0], columns - 1 - place[1]] : place;
}
