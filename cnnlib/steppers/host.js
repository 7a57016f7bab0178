// What a stepper talks to: a problem, a place in it, and a score; see page.js and kernel.js.

import { changed, fromCode, openProblem, used } from "./problem.js";
import { byStep, question } from "./quiz.js";
import { toCode } from "./share.js";

// All that happens in the browser. `tell` hands a message on, `draw` says what another one changed.
export function makeHost(problem, tell) {
  const host = { problem, step: 0, term: 0, byTerm: false, predict: null, said: problem.note };
  const callbacks = [];
  host.on = (callback) => callbacks.push(callback);
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
  const hasTerm = (term) => term >= 0 && term <= lastTerm(host.step);
  const hasStep = (step) => step >= 0 && step < host.problem.trace.length;
  host.isEnd = (by) => !(host.byTerm && hasTerm(host.term + by)) && !hasStep(host.step + by);
  host.nextPlace = (by, byTerm = host.byTerm) => {
    const [step, term] = [host.step + by, host.term + by];
    if (byTerm && hasTerm(term)) return [host.step, term];
    if (!hasStep(step)) return null;
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
    host.score.answered = {};
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

  addQuestions(host, tell);
  return host;
}

// What is asked, and how it was answered.
function addQuestions(host, tell) {
  const score = { answered: {}, tally: [] };
  host.score = score;
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
}
