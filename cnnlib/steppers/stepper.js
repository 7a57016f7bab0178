// A stepper: the problem and the place come from its host, the parts draw them, and moves, keys and
// messages meet here.

import { flags } from "./dom.js";
import { drawStep } from "./draw.js";
import { makeSizes } from "./fit.js";
import { listen } from "./keys.js";
import { makeMotion } from "./motion.js";
import { makeMoves } from "./moves.js";
import { makeParts, placeParts } from "./parts.js";
import { makePresent } from "./present.js";
import { makeVoice } from "./voice.js";

// Build a stepper in an element and return what takes it down again. All of its parts have the same
// object in hand: where it is (step, now), what is on the page (parts), and what each of them can do.
export function mountStepper(root, host) {
  const stepper = { root, host, step: null, now: 0, parts: null, codeShown: false };
  root.classList.add("cnnlib-stepper");
  flags(root, { tabindex: -1, role: "group" });
  stepper.draw = (how) => drawStep(stepper, how);
  stepper.byTerm = () => host.byTerm || stepper.parts.predict.byTerm();
  stepper.attempt = (change) => attempt(stepper, change);
  stepper.rebuilt = (change) => rebuilt(stepper, change);
  Object.assign(stepper, makeVoice(), makeMotion(root), makeSizes(stepper), makeMoves(stepper));
  Object.assign(stepper, makePresent(root, stepper.layOut));
  Object.assign(stepper, actsOf(stepper));
  host.on((what) => hear(stepper, what));
  build(stepper);
  stepper.watch();
  root.addEventListener("click", stepper.pick);
  const deaf = listen(root, stepper);
  return () => {
    stepper.stop();
    stepper.uncover();
    stepper.unwatch();
    stepper.silence();
    root.removeEventListener("click", stepper.pick);
    deaf();
    host.off();
  };
}

// What buttons and keys do, besides moving.
function actsOf(stepper) {
  const { host, go, move, presenting, uncover } = stepper;
  const part = (name) => stepper.parts[name];
  return {
    previous: () => move(-1),
    next: () => move(1),
    nextCell: () => move(1, false),
    nextTerm: () => move(1, true),
    previousTerm: () => move(-1, true),
    unit(byTerm) {
      host.setByTerm(byTerm);
      go(host.step);
    },
    toField: () => part("bar").field.focus(),
    code: () => toggleCode(stepper),
    setup: () => part("setup").toggle(),
    predict: () => part("predict").toggle(),
    check: () => part("predict").check(),
    turn: () => part("view").turn?.press(),
    leave: () => (part("setup").open() && !presenting() ? part("setup").toggle() : uncover()),
  };
}

function toggleCode(stepper) {
  stepper.codeShown = !stepper.codeShown;
  stepper.parts.code.node.hidden = !stepper.codeShown;
  stepper.parts.code.node.replaceChildren();
  stepper.draw();
}

// All anew, for another problem.
function build(stepper) {
  if (stepper.parts) stepper.stop();
  const wasOpen = stepper.parts?.setup.open();
  stepper.step = null;
  stepper.parts = makeParts(stepper);
  placeParts(stepper);
  stepper.follow();
  stepper.draw({ quiet: true });
  stepper.layOut();
  if (wasOpen) stepper.parts.setup.toggle();
  stepper.say(stepper.host.said ?? "");
}

// Do what was typed or chosen; where it is refused, say why, and nothing has changed.
function attempt(stepper, change) {
  try {
    change();
    return true;
  } catch (error) {
    stepper.say(`${error.message.replace(/\.$/, "")}. Nothing was changed.`);
    return false;
  }
}

// The same with a change of the problem.
function rebuilt(stepper, change) {
  return attempt(stepper, () => {
    change();
    build(stepper);
    stepper.draw(); // and let it be heard where it is now
  });
}

// The host has changed something: the kernel, another window, the address of the page.
function hear(stepper, what) {
  const { host, step, now } = stepper;
  if (what === "problem") return build(stepper);
  const moved = host.step !== step.number || host.term !== now;
  if (moved) stepper.follow();
  if (what !== "said") stepper.draw({ moved, quiet: !moved && what !== "predict" });
  stepper.say(host.said ?? "");
}
