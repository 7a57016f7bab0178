// The parts of a stepper for one problem, made anew with each.

import { makeBar, makeTrack } from "./bar.js";
import { makeScene } from "./board.js";
import { makeCode } from "./code.js";
import { div, flag } from "./dom.js";
import { letter } from "./lay.js";
import { makePredict } from "./predict.js";
import { makeSetup } from "./setup.js";
import { makeView } from "./view.js";

const NAMES = { input: "input gradient", filter: "filter gradient", three: "three ways" };

export function makeParts(stepper) {
  const { host, go, choose } = stepper;
  const scene = makeScene(host.problem);
  const { trace } = host.problem;
  const predict = makePredict(scene, stepper, () => stepper.draw());
  const terms = !["stride", "pool"].includes(host.problem.kind);
  const row = trace.shapes?.[trace.subject]?.[1] ?? trace.length;
  const ends = [0, trace.length - 1].map((n) => placeName(trace, trace.step(n)).length);
  const questions = predict.kinds.length > 0;
  return {
    scene,
    predict,
    view: makeView(scene, stepper),
    alone: makeAlone(),
    bar: makeBar(stepper, { questions, terms, longest: Math.max(...ends) }),
    track: makeTrack(trace.length, row, (n) => go(n)),
    code: makeCode(scene, choose),
    setup: makeSetup(scene, stepper),
    place: div("cs-where"),
  };
}

// Put the parts into the page.
export function placeParts({ root, host, parts, codeShown, message, heard }) {
  const { scene, bar, track, place, setup, view, code } = parts;
  const { board, card, result } = scene.lay;
  const { kind } = host.problem;
  Object.assign(root.dataset, { kind, b: letter(board), k: letter(card), t: letter(result) });
  flag(root, "aria-label", `Stepper: ${NAMES[kind] ?? kind}`);
  code.node.hidden = !codeShown;
  place.replaceChildren(track.node, message);
  root.replaceChildren(bar.node, place, setup.node, view.node, code.node, heard);
}

// The name of what a step is about; a stage has its number.
export function placeName(trace, step) {
  const cell = step.target ?? step.source;
  return cell ? trace.name(cell) : String(step.number + 1);
}

// While a size is asked for, the question stands alone, with all that it takes: any table tells it.
function makeAlone() {
  const meet = div("cs-meeting");
  return { node: div("cs-step cs-alone", meet), meet, show() {} };
}
