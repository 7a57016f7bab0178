// Moving through the steps: by key, by a cell that is chosen, by itself.

import { focusOn } from "./dom.js";
import { fullName } from "./trace.js";

export const SPEEDS = { slow: 2000, normal: 1000, fast: 400 };
const LAST_TERM = Infinity;

export function makeMoves(stepper) {
  const { host } = stepper;

  function follow() {
    if (stepper.step?.number !== host.step) stepper.step = host.problem.trace.step(host.step);
    stepper.now = host.term;
  }

  // Without a term: the first one where each is gone through, else the last.
  function go(number, term = stepper.byTerm() ? 0 : LAST_TERM) {
    if (number < 0 || number >= host.problem.trace.length) return false;
    host.go(number, term);
    follow();
    stepper.say("");
    stepper.draw({ moved: true });
    return true;
  }

  function move(by, byTerm = host.byTerm) {
    const place = host.nextPlace(by, byTerm);
    if (place) return go(...place);
    stepper.hear(by > 0 ? "This is the last step." : "This is the first step.");
    return false;
  }

  function goTo(text) {
    stepper.attempt(() => {
      go(host.problem.trace.place(text, host.step));
      focusOn(stepper.root);
    });
  }

  // A cell was chosen in a table: it is a guess, or its term is marked, or one goes to its step.
  function pick(event) {
    const name = event.target.closest("td[data-cell]")?.dataset.cell;
    if (!name || stepper.parts.predict.pick(name)) return;
    const { trace } = host.problem;
    if (name.startsWith(`${trace.subject}(`)) return void go(trace.place(name, host.step));
    const { terms, source } = stepper.step;
    const cells = ({ left, right, target }) => (source ? [left, right, target] : [left, right]);
    const term = terms.findIndex((one) => cells(one).map(fullName).includes(name));
    if (term >= 0) go(host.step, term);
  }

  const first = () => go(0);
  const last = () => go(host.problem.trace.length - 1, LAST_TERM);
  const choose = (term) => term < stepper.step.terms.length && go(host.step, term);
  return { follow, go, move, goTo, pick, choose, first, last, ...makePlay(stepper, go, move) };
}

// Step by step by itself, until the end or until it is stopped.
function makePlay(stepper, go, move) {
  const { host } = stepper;
  let [playing, speed] = [null, "normal"];

  function play() {
    if (playing) return stop();
    if (host.isEnd(1)) go(0);
    playing = setInterval(() => move(1) || stop(), SPEEDS[speed]);
    stepper.draw();
  }

  function stop() {
    if (playing === null) return;
    clearInterval(playing);
    playing = null;
    stepper.draw();
  }

  function setSpeed(name) {
    speed = name;
    if (!playing) return;
    stop();
    play();
  }
  return { play, stop, setSpeed, speed: () => speed, playing: () => playing !== null };
}
