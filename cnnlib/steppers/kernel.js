// A stepper in JupyterLab: a kernel hears of each move.

import { make } from "./dom.js";
import { makeHost } from "./host.js";
import { openProblem } from "./problem.js";
import { toCode } from "./share.js";
import { mountStepper } from "./stepper.js";

const CLIENT = crypto.getRandomValues(new Uint32Array(2)).join("-");
let hosts = 0;

// A move is told in a message of its own: changes of a trait wait for one
// another, and a cell that is run meanwhile would still see the step before.
export function kernelHost(model) {
  const by = `${CLIENT} ${(hosts += 1)}`;
  let [told, heard, of, telling] = [0, 0, model.get("of"), false];
  const host = makeHost(openProblem(model.get("problem")), (message) => {
    told += 1;
    if (["change", "use", "code"].includes(message.do)) of += 1;
    setPlace();
    model.send({ ...message, told, by, of });
  });
  // For other views of the same stepper, and for what is linked to it.
  const setPlace = () => {
    telling = true;
    model.set("index", host.step);
    model.set("term", host.term);
    telling = false;
  };

  // A change by a link in the page is a move; ipywidgets locks the state while the kernel sets it.
  const hear = (from, step, term) => {
    if (from?._state_lock === null) host.go(step, term);
    else if (heard === told) host.place(step, term);
  };
  const follow = {
    problem() {
      of = model.get("of");
      const made = openProblem(model.get("problem"));
      if (toCode(made) === host.code) host.problem = made;
      else host.take(made);
      host.place(model.get("index"), model.get("term"));
    },
    index: (from) => hear(from, model.get("index")),
    term: (from) => hear(from, host.step, model.get("term")),
    by_term: () => (host.byTerm = model.get("by_term")),
    predict: () => (host.predict = model.get("predict")),
    score: () => Object.assign(host.score, model.get("score")),
    said: () => (host.said = model.get("said")),
  };
  // Another window of the same notebook.
  const followOther = ({ step, term }) => {
    host.place(step, term);
    setPlace();
    host.draw("place");
  };
  const heardOf = Object.keys(follow).map((name) => [
    `change:${name}`,
    (from) => {
      if (telling) return;
      follow[name](from);
      setPlace();
      host.draw(name === "index" || name === "term" ? "place" : name);
    },
  ]);
  // The kernel says which moves it has heard: what it said before the last one is of the past.
  heardOf.push([
    "msg:custom",
    (message) => {
      if (message.by === by) heard = message.heard;
      else if ("step" in message && !message.by.startsWith(CLIENT)) followOther(message);
    },
  ]);
  for (const one of heardOf) model.on(...one);
  host.off = () => heardOf.forEach((one) => model.off(...one));
  for (const what of ["by_term", "predict", "score", "said"]) follow[what]();
  host.place(model.get("index"), model.get("term"));
  return host;
}

export function render({ model, el }) {
  const root = make("div");
  el.append(root);
  return mountStepper(root, kernelHost(model));
}
