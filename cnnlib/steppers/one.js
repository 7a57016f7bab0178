// One map: the sum, the board, the card over the meeting place, and the result.

import { makeAside } from "./beside.js";
import { flag, make } from "./dom.js";
import { cellOf, makeBoard, makeCard, makeResult } from "./board.js";
import { planeOf } from "./lay.js";
import { boxIn, downwards, makeLinks, measureGrid, sideways, under, upInto } from "./links.js";
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
  const cell = names ? given?.find((one) => one.array === array) ?? null : null;
  return { bare: Boolean(names), given: cell, hide, secret: Boolean(secret), chosen: names === array };
}

export function makeOneView(scene, tools) {
  const { lay } = scene;
  const start = { k_in: 0, k: 0 };
  const board = makeBoard(scene, start);
  const card = makeCard(scene, start);
  const result = makeResult(scene, lay.result.endsWith("W") ? [0, 0] : [0]);
  const sum = makeSum(scene, tools.choose);
  const meeting = makeMeeting(scene);
  const links = makeLinks();
  const aside = makeAside(scene);
  const tell = aside ? null : make("p", { class: "cs-tell" }, ...tellOf(scene));
  const turn = lay.turned ? makeTurn(card) : null;
  const meet = make("div", { class: "cs-meeting" }, meeting.node);
  const last = make("div", { class: "cs-last" }, result.node, ...(aside?.nodes ?? []), tell);
  const panels = make("div", { class: "cs-panels cs-one" }, links.node, board.node, card.node, meet, last);
  const node = make("div", { class: "cs-step" }, sum.node, panels);
  const slots = scene.where.map((axis) => (lay.card === "dZ" ? axis.o : axis.f));
  const places = {};
  let shownPlace = null;

  // Where it is narrow, the line of the sum becomes a small window.
  function fold(name) {
    flag(sum.node, "data-shape", slots[0] * slots[1] > 9 || name !== "wide" ? "window" : "line");
  }

  function show(place) {
    shownPlace = place;
    const { step, now, term, asked } = place;
    const plane = planeNow(step, term);
    board.show(step, term, plane, markOf(asked, lay.board));
    card.show(step, term, plane, markOf(asked, lay.card));
    result.show(step, term, plane, markOf(asked, lay.result));
    sum.show(step, now, plane, asked);
    meeting.show(step, asked.kind ? null : term);
    aside?.show(place);
    draw(place);
  }

  function draw({ term, asked, step }) {
    if (!places.board || !term || asked.kind) return links.show([]);
    const from = places.board.at(placeOf(board.grid, cellOf(term, lay.board)));
    const by = places.card.at(placeOf(card.grid, cellOf(term, lay.card), turn?.turned()));
    const to = places.result.at(placeOf(result.grid, term.target));
    const first = scene.trace.left === lay.board;
    const [near, far] = first ? [places.left, places.right] : [places.right, places.left];
    const nameOver = first ? places.rightName : places.leftName;
    const into = first ? sideways(from, near, "b") : under(from, far, near, "b");
    links.show([...into, ...downwards(by, nameOver, "k"), ...upInto(places.sum, to, places.result, places.meet, "t")]);
  }

  // Where things lie; called when the layout has changed.
  function measure() {
    for (const name of Object.keys(places)) delete places[name];
    const folded = getComputedStyle(links.node).display === "none";
    if (folded || !panels.isConnected || !shownPlace?.term) return;
    for (const [name, grid] of Object.entries({ board, card, result })) places[name] = measureGrid(panels, grid);
    for (const name of ["left", "right", "leftName", "rightName", "sum"]) places[name] = boxIn(panels, meeting[name]);
    places.meet = boxIn(panels, meet);
    draw(shownPlace);
  }

  // A click in a table marks the term of that cell, or goes to it.
  panels.addEventListener("click", (event) => {
    const name = event.target.closest("td[data-cell]")?.dataset.cell;
    if (name) tools.pick(name);
  });
  if (turn) turn.onTurn(() => shownPlace && draw(shownPlace));
  return { node, show, fold, measure, meet, turn, sum, fliers: () => fliersOf(board, card, sum, lay) };
}

function placeOf(grid, cell, turned = false) {
  const place = grid.place(cell.index);
  const [rows, columns] = [grid.rows.length, grid.columns.length];
  return turned ? [rows - 1 - place[0], columns - 1 - place[1]] : place;
}

function fliersOf(board, card, sum, lay) {
  const slot = sum.slot();
  const marked = [board, card].map((part) => part.node.querySelector("[data-marked]"));
  return slot && marked.every(Boolean) ? { from: marked, to: slot, colors: ["b", "k"], lay } : null;
}
