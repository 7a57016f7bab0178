// What a stepper talks to: a problem, a place in it, and a score. In JupyterLab a kernel hears.

import { changed, fromCode, openProblem, used } from "./problem.js";
import { byStep, question } from "./quiz.js";
import { toCode } from "./share.js";

// All that happens in the browser. `tell` hands a message on, `draw` says what another one changed.
function makeHost(problem, tell) {
  const host = { problem, step: 0, term: 0, byTerm: false, predict: null, said: problem.note };
  const score = { answered: {}, tally: [] };
  const callbacks = [];
  Object.assign(host, { score, on: (callback) => callbacks.push(callback) });
  host.draw = (what) => callbacks.forEach((callback) => callback(what));

  const lastTerm = (step) => Math.max(0, host.problem.trace.step(step).terms.length - 1);
  const firstTerm = (step) => (host.byTerm ? 0 : lastTerm(step));
  host.place = (step, term = -1) => {
    host.step = Math.min(Math.max(step, 0), host.problem.trace.length - 1);
    host.term = term < 0 ? firstTerm(host.step) : Math.min(term, lastTerm(host.step));
  };
  host.go = (step, term = -1) => {
    host.place(step, term);
    host.said = "";
    tell({ do: "move", step: host.step, term: host.term });
  };
  host.nextPlace = (by, byTerm = host.byTerm) => {
    const term = host.term + by;
    if (byTerm && term >= 0 && term <= lastTerm(host.step)) return [host.step, term];
    const step = host.step + by;
    if (step < 0 || step >= host.problem.trace.length) return null;
    return [step, byTerm && by > 0 ? 0 : by < 0 ? lastTerm(step) : firstTerm(step)];
  };
  host.setByTerm = (byTerm) => {
    host.byTerm = byTerm;
    host.place(host.step);
    tell({ do: "by_term", by_term: byTerm });
  };

  host.take = (made) => {
    host.problem = made;
    host.said = made.note;
    score.answered = {};
    host.place(0);
  };
  const takeAndTell = (made, message) => {
    host.take(made);
    tell(message);
  };
  host.change = (changes) => takeAndTell(changed(host.problem, changes), { do: "change", changes });
  host.use = (typed) => takeAndTell(used(host.problem, typed), { do: "use", typed });
  host.useCode = (code) =>
    takeAndTell(openProblem(fromCode(code, host.problem.kind)), { do: "code", code });
  Object.defineProperty(host, "code", { get: () => toCode(host.problem) });

  host.setPredict = (kind) => {
    host.predict = kind;
    Object.assign(score, { answered: {}, tally: [] });
    tell({ do: "predict", kind });
  };
  const key = (step) => {
    const parts = [host.predict];
    if (host.predict !== "size") parts.push(host.step);
    if (!byStep(host.predict, step)) parts.push(host.term);
    return parts.join(" ");
  };
  // The open question, or null: none is asked, or it has been answered.
  host.asked = () => {
    if (!host.predict || host.problem.kind === "stride") return null;
    const step = host.problem.trace.step(host.step);
    return key(step) in score.answered ? null : question(host.predict, step, host.term);
  };
  // Judge a guess; without one the answer is shown all the same.
  host.guess = (text) => {
    const asked = host.asked();
    if (!asked) return null;
    const { right, said } = text.trim() ? asked.judge(text) : { right: null, said: "" };
    score.answered[key(host.problem.trace.step(host.step))] = right;
    if (right !== null) score.tally.push(right);
    tell({ do: "guess", text });
    return { right, answer: asked.answer, said: [asked.told, said].filter(Boolean).join(" ") };
  };
  return host;
}

// A stepper in a page: no kernel, and the address may hold the code of another problem.
export function pageHost(root, data) {
  const host = makeHost(openProblem(data.problem), () => {});
  const link = () => `${location.href.split("#")[0]}#${host.code}`;
  Object.defineProperty(host, "link", { get: data.address ? link : () => null });
  host.off = () => {};
  host.byTerm = Boolean(data.by_term);
  host.place(data.step ?? 0, data.term ?? -1);
  if (!data.address) return host;
  const read = () => {
    if (!location.hash) return;
    try {
      host.take(openProblem(fromCode(decodeURIComponent(location.hash.slice(1)))));
    } catch (error) {
      host.said = `${error.message}. Nothing was changed.`;
    }
    host.draw("problem");
  };
  window.addEventListener("hashchange", read);
  host.off = () => window.removeEventListener("hashchange", read);
  read();
  return host;
}

const CLIENT = crypto.getRandomValues(new Uint32Array(2)).join("-");
let hosts = 0;

// A stepper in JupyterLab. A move is told in a message of its own: changes of a trait wait for one
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

  // A place that another widget of the page has set, by a link in the browser, is a move like any
  // other. One that the kernel sent before it heard of all moves is of the past. The model of
  // ipywidgets holds what it has from the kernel in `_state_lock` meanwhile, and null otherwise.
  const followPlace = (source, step, term) => {
    if (source?._state_lock === null) host.go(step, term);
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
    index: (source) => followPlace(source, model.get("index")),
    term: (source) => followPlace(source, host.step, model.get("term")),
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
    (source) => {
      if (telling) return;
      follow[name](source);
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
