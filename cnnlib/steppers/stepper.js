// A stepper: the problem and the place come from its host, the pieces draw them, and moves, keys and
// messages meet here.

import { makeBar, makeTrack } from "./bar.js";
import { makeScene } from "./board.js";
import { makeCode } from "./code.js";
import { div, flag, focusOn, make, write } from "./dom.js";
import { fitCells, foldOf, roomOf } from "./fit.js";
import { kernelHost, pageHost } from "./host.js";
import { listen } from "./keys.js";
import { letter } from "./lay.js";
import { emptyText } from "./meet.js";
import { makeMotion } from "./motion.js";
import { makePredict } from "./predict.js";
import { makePresent } from "./present.js";
import { makeSetup } from "./setup.js";
import { spoken } from "./sum.js";
import { makeView } from "./view.js";

const SPEEDS = { slow: 2000, normal: 1000, fast: 400 };

// Build a stepper in an element and return what takes it down again.
export function mountStepper(root, host) {
  const at = { number: 0, now: 0, step: null, playing: null, speed: "normal", code: false };
  const message = make("p", { class: "cs-message", role: "status" });
  const heard = make("p", { class: "cs-unseen", "aria-live": "polite" });
  const motion = makeMotion(root);
  let [parts, speaking, saidStep] = [null, 0, null];
  root.classList.add("cnnlib-stepper");
  flag(root, "tabindex", "-1");
  flag(root, "role", "group");

  const acts = {
    first: () => go(0, -1),
    previous: () => move(-1),
    next: () => move(1),
    last: () => go(host.problem.trace.length - 1, lastTerm),
    forward: (by) => move(by, true),
    play,
    unit(byTerm) {
      host.setByTerm(byTerm);
      go(at.number, -1);
    },
    goTo(text) {
      attempt(() => {
        go(host.problem.trace.place(text, at.number), -1);
        focusOn(root);
      });
    },
    toField: () => parts.bar.field.focus(),
    term: (n) => n < at.step.terms.length && go(at.number, n),
    code() {
      at.code = !at.code;
      parts.code.node.hidden = !at.code;
      parts.code.node.replaceChildren();
      draw();
    },
    setup: () => parts.setup.toggle(),
    predict: () => parts.predict.toggle(),
    check: () => parts.predict.check(),
    nextCell: () => move(1, false),
    shown: () => draw({ quiet: true }),
    turn: () => parts.view.turn?.press(),
    present: () => present.toggle(),
    leave: () => (parts.setup.open() && !present.on() ? parts.setup.toggle() : present.leave()),
  };
  const present = makePresent(root, () => layout());
  const tools = {
    choose: acts.term,
    go: (n) => go(n, -1),
    rebuilt,
    acts,
    speeds: Object.keys(SPEEDS),
    root,
    host,
    say,
  };
  tools.hear = ({ right, said }) =>
    hear(`${right === null ? "" : right ? "Right. " : "Not right. "}${said}`);

  function build() {
    stop();
    const scene = makeScene(host.problem);
    const { trace } = host.problem;
    const row = trace.shapes?.[trace.subject]?.[1] ?? trace.length;
    parts?.setup.node.remove();
    const wasOpen = parts?.setup.open();
    parts = { scene };
    parts.predict = makePredict(scene, tools, () => draw());
    parts.view = makeView(scene, tools);
    parts.alone = null;
    const terms = !["stride", "pool"].includes(host.problem.kind);
    parts.bar = makeBar(acts, { questions: parts.predict.kinds.length > 0, terms });
    parts.track = makeTrack(trace.length, row, (n) => go(n, -1));
    parts.code = makeCode(scene, acts.term);
    parts.setup = makeSetup(scene, tools, { speed: setSpeed, current: () => at.speed });
    parts.place = div("cs-where", parts.track.node, message);
    const { bar, place, setup, view, code } = parts;
    code.node.hidden = !at.code;
    at.longest = Math.max(...[0, trace.length - 1].map((n) => placeName(trace.step(n)).length));
    root.dataset.kind = host.problem.kind;
    for (const [role, array] of Object.entries({
      b: scene.lay.board,
      k: scene.lay.card,
      t: scene.lay.result,
    }))
      root.dataset[role] = letter(array);
    flag(root, "aria-label", `Stepper: ${NAMES[host.problem.kind] ?? host.problem.kind}`);
    root.replaceChildren(bar.node, place, setup.node, view.node, code.node, heard);
    saidStep = null;
    follow();
    draw({ quiet: true });
    layout();
    if (wasOpen) setup.toggle();
    say(host.said ?? "");
  }

  function follow() {
    at.number = host.step;
    at.step = host.problem.trace.step(at.number);
    at.now = host.term;
  }

  // What is on the page: the picture, or while a size is asked for the question alone, with all that
  // it takes: any table would tell it.
  function makeAlone() {
    const meet = div("cs-meeting");
    return { node: div("cs-step cs-alone", meet), meet, show() {} };
  }

  function viewFor(asked) {
    const wanted = asked.kind === "size" ? (parts.alone ??= makeAlone()) : parts.view;
    const other = wanted === parts.view ? parts.alone : parts.view;
    if (other?.node.isConnected) other.node.replaceWith(wanted.node);
    if (wanted === parts.view && !parts.place.contains(parts.track.node))
      parts.place.prepend(parts.track.node);
    if (asked.secret) parts.track.node.remove();
    return wanted;
  }

  function placeName(step) {
    const cell = step.target ?? step.source;
    return cell ? host.problem.trace.name(cell) : String(step.number + 1);
  }

  // --- moving ----------------------------------------------------------------------------------

  const lastTerm = Infinity;

  // Of a place "as the way of moving says", the first term when going term by term, else the last.
  function termOf(step, term) {
    const last = Math.max(0, step.terms.length - 1);
    if (term < 0) return host.byTerm || parts?.predict.byTerm() ? 0 : last;
    return Math.min(term, last);
  }

  function go(number, term) {
    const { trace } = host.problem;
    if (number < 0 || number >= trace.length) return false;
    if (number !== at.number || !at.step) at.step = trace.step(number);
    at.number = number;
    at.now = termOf(at.step, term);
    say("");
    if (host.predict) host.place(at.number, at.now); // what is asked depends on it
    draw({ moved: true });
    host.go(at.number, at.now);
    return true;
  }

  function move(by, byTerm = host.byTerm) {
    const place = host.nextPlace(by, byTerm);
    if (place) return go(...place);
    hear(by > 0 ? "This is the last step." : "This is the first step.");
    return false;
  }

  // A cell was chosen in a table: it is a guess, or its term is marked, or one goes to its step.
  function pick(event) {
    const name = event.target.closest("td[data-cell]")?.dataset.cell;
    if (!name) return;
    if (parts.predict.pick(name)) return;
    const cells = at.step.terms.map((term) => [term.left, term.right, term.target].map(indexName));
    const term = cells.findIndex((names) => names.slice(0, at.step.source ? 3 : 2).includes(name));
    const { trace } = host.problem;
    if (name.startsWith(`${trace.subject}(`)) go(trace.place(name, at.number), -1);
    else if (term >= 0) go(at.number, term);
  }

  function play() {
    if (at.playing) return stop();
    const { trace } = host.problem;
    if (at.number === trace.length - 1 && at.now >= at.step.terms.length - 1) go(0, -1);
    at.playing = setInterval(() => move(1) || stop(), SPEEDS[at.speed]);
    draw();
  }

  function stop() {
    clearInterval(at.playing);
    const played = at.playing !== null;
    at.playing = null;
    if (played) draw();
  }

  function setSpeed(name) {
    at.speed = name;
    if (!at.playing) return;
    stop();
    play();
  }

  // --- drawing ---------------------------------------------------------------------------------

  function draw({ moved = false, quiet = false } = {}) {
    const { bar, track, code, predict } = parts;
    const { step, now, number } = at;
    const term = step.terms[now];
    const asked = predict.asked(step);
    const before = root.contains(document.activeElement) ? document.activeElement : null;
    const view = viewFor(asked);
    root.dataset.step = number;
    root.dataset.term = now;
    flag(root, "data-asks", asked.kind);
    view.show({ step, now, term, asked });
    predict.show(view.meet);
    const place = asked.secret ? "?" : placeName(step);
    const { trace } = host.problem;
    const last = number === trace.length - 1 && (now >= step.terms.length - 1 || !host.byTerm);
    bar.show({
      atStart: number === 0 && (now === 0 || !host.byTerm),
      atEnd: last,
      playing: at.playing !== null,
      byTerm: host.byTerm,
      place,
      longest: at.longest,
      count: asked.secret ? "" : `${number + 1} of ${trace.length}`,
      predicting: host.predict,
      code: at.code,
      setup: parts.setup.open(),
      presenting: present.on(),
      moved,
    });
    track.show(number, place);
    if (at.code) code.show({ step, now, asked });
    if (before?.matches("[data-product], .cs-none"))
      focusOn(root.querySelector("[data-marked-product]"));
    else if (before && !root.contains(document.activeElement)) focusOn(root);
    if (host.predict !== asking) layout(); // a question takes more room
    if (asked.kind) heard.textContent = "";
    if (!quiet) announce(step, term, asked, place);
    if (moved && !asked.kind) motion();
  }

  // The heading of a step once, then what happens at the term.
  function announce(step, term, asked, place) {
    const fresh = saidStep !== at.number && !asked.secret;
    const name = step.stage ? "" : `: ${place}`;
    const heading = `Step ${at.number + 1} of ${host.problem.trace.length}${name}. `;
    hear((fresh ? heading : "") + aloud(step, term, asked), () => (saidStep = at.number));
  }

  function aloud(step, term, asked) {
    if (asked.kind) return parts.predict.aloud();
    if (parts.view.aloud) return parts.view.aloud(step);
    if (!term) return emptyText(parts.scene, step);
    const count = step.terms.length;
    const which = count > 1 ? `Product ${at.now + 1} of ${count}: ` : "";
    return which + spoken(parts.scene, step, term);
  }

  function hear(text, then = () => {}) {
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      heard.textContent = text;
      then();
    }, 200);
  }

  function say(text) {
    write(message, text);
  }

  // Do what was typed or chosen; where it is refused, say why, and nothing has changed.
  function attempt(change) {
    try {
      change();
      return true;
    } catch (error) {
      say(`${error.message.replace(/\.$/, "")}. Nothing was changed.`);
      return false;
    }
  }

  // The same with a change of the problem: all is built anew.
  function rebuilt(change) {
    return attempt(() => {
      change();
      build();
    });
  }

  // --- sizes -----------------------------------------------------------------------------------

  let [width, room, asking] = [0, 0, null];
  function layout() {
    if (!parts || !root.isConnected || !root.clientWidth) return;
    [width, room, asking] = [root.clientWidth, roomOf(root), host.predict];
    root.dataset.fold = foldOf(width);
    root.style.setProperty("--width", `${width}px`);
    parts.view.sum?.fold(root.dataset.fold);
    draw({ quiet: true });
    while (fitCells(root) < 30 && parts.view.fewer?.()) draw({ quiet: true });
    parts.view.measure?.();
    draw({ quiet: true });
  }

  const resize = () => (root.clientWidth !== width || roomOf(root) !== room) && layout();
  const resized = new ResizeObserver(resize);

  host.on((what) => {
    if (what === "problem") return build();
    const moved = host.step !== at.number || host.term !== at.now;
    if (moved) follow();
    if (what !== "said") draw({ moved, quiet: !moved && what !== "predict" });
    say(host.said ?? "");
  });
  build();
  resized.observe(root);
  root.addEventListener("click", pick);
  window.addEventListener("resize", resize);
  const deaf = listen(root, acts);
  return () => {
    stop();
    deaf();
    present.leave();
    resized.disconnect();
    root.removeEventListener("click", pick);
    window.removeEventListener("resize", resize);
    clearTimeout(speaking);
    host.off();
  };
}

const NAMES = { input: "input gradient", filter: "filter gradient", three: "three ways" };

const indexName = (cell) => `${cell.array}(${cell.index.join(", ")})`;

export function mountPage(root, data) {
  return mountStepper(root, pageHost(root, data));
}

export function render({ model, el }) {
  const root = make("div");
  el.append(root);
  return mountStepper(root, kernelHost(model));
}
