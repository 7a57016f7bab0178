// The toolbar: moves, how to move, where one is, and what opens; and the track of the steps.

import { div, flag, icon, make, setIcon, write } from "./dom.js";

const MOVES = { first: "First step", previous: "Previous", next: "Next", last: "Last step" };

function button(name, label, word, className = "") {
  return make(
    "button",
    {
      type: "button",
      class: `cs-button cs-do-${name} ${className}`,
      "aria-label": label,
      title: word ? null : label,
      "data-do": name,
    },
    icon(name),
    word ? make("span", { text: word }) : null,
  );
}

export function makeChoice(name, label, options, chosen, use) {
  const id = `cs-${name}-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value]) => make("input", { type: "radio", name: id, value }));
  const labels = options.map(([, word], at) =>
    make("label", {}, inputs[at], make("span", { text: word })),
  );
  const node = make(
    "div",
    { class: `cs-choice cs-${name}`, role: "radiogroup", "aria-label": label },
    ...labels,
  );
  const show = (value) => inputs.forEach((input) => (input.checked = input.value === value));
  node.addEventListener("change", (event) => use(event.target.value));
  show(chosen);
  return { node, show };
}

export function makeBar(acts, { questions, terms }) {
  const made = Object.fromEntries(
    Object.entries(MOVES).map(([name, label]) => [
      name,
      button(name, label, name === "next" ? "Next" : ""),
    ]),
  );
  made.next.append(made.next.firstChild); // the arrow after its word
  const play = button("play", "Play or pause", "Play");
  const unit = makeChoice(
    "unit",
    "move by",
    [
      ["cell", "by cell"],
      ["term", "by term"],
    ],
    "cell",
    (value) => acts.unit(value === "term"),
  );
  const field = make("input", {
    class: "cs-goto",
    "aria-label": "go to a cell or step",
    autocomplete: "off",
    spellcheck: "false",
  });
  const count = make("span", { class: "cs-count" });
  const predict = button("predict", "Predict", "Predict");
  const code = button("code", "The same in Python", "");
  const setup = button("setup", "Set up", "Set up");
  const present = button("present", "Present, full screen", "Present");
  const more = button("more", "More", "");
  const moves = div(
    "cs-group cs-moves",
    made.first,
    made.previous,
    made.next,
    made.last,
    play,
    more,
  );
  const place = div("cs-group cs-place", terms ? unit.node : null, field, count);
  const rare = div("cs-group cs-rare", questions ? predict : null, code, setup, present);
  const node = make(
    "div",
    { class: "cs-bar", role: "group", "aria-label": "moves" },
    moves,
    place,
    rare,
  );

  node.addEventListener("click", (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name === "more") flag(more, "aria-expanded", node.toggleAttribute("data-more"));
    else if (name) acts[name]();
  });
  field.addEventListener("focus", () => field.select());
  field.addEventListener("keydown", (event) => event.key === "Enter" && acts.goTo(field.value));
  field.addEventListener("blur", () => {
    field.value = field.dataset.place;
  });

  function show(state) {
    for (const name of ["first", "previous"]) dim(made[name], state.atStart);
    for (const name of ["next", "last"]) dim(made[name], state.atEnd);
    write(play.lastChild, state.playing ? "Pause" : "Play");
    setIcon(play, state.playing ? "pause" : "play");
    flag(play, "aria-pressed", state.playing);
    unit.show(state.byTerm ? "term" : "cell");
    field.dataset.place = state.place;
    if (document.activeElement !== field || state.moved) field.value = state.place;
    field.style.setProperty("--long", state.longest);
    write(count, state.count);
    flag(predict, "aria-pressed", Boolean(state.predicting));
    flag(code, "aria-pressed", Boolean(state.code));
    flag(setup, "aria-expanded", Boolean(state.setup));
    write(present.lastChild, state.presenting ? "Leave" : "Present");
    flag(present, "aria-label", state.presenting ? "Leave full screen" : "Present, full screen");
    setIcon(present, state.presenting ? "leave" : "present");
  }
  return { node, show, field };
}

// A button that does nothing now stays where it is, so that the focus is not lost.
function dim(node, off) {
  flag(node, "aria-disabled", off ? "true" : null);
}

// A bar for each step, with a gap after each row of the result; above 60 steps one line.
export function makeTrack(length, row, go) {
  const few = length <= 60;
  const bars = few
    ? Array.from({ length }, (_, n) => make("i", { class: (n + 1) % row ? "" : "cs-end" }))
    : [make("i"), make("b")];
  const node = make(
    "div",
    {
      class: few ? "cs-track" : "cs-track cs-slider",
      role: "slider",
      tabindex: 0,
      "aria-label": "step",
      "aria-valuemin": 1,
      "aria-valuemax": length,
    },
    ...bars,
  );
  const stepAt = (x) => {
    const { left, width } = node.getBoundingClientRect();
    if (!few) return Math.round(((x - left) / width) * (length - 1));
    const edges = bars.map((bar) => bar.getBoundingClientRect().right);
    const found = edges.findIndex((edge) => x <= edge + 1);
    return found < 0 ? length - 1 : found;
  };
  const slide = (event) => go(Math.max(0, Math.min(length - 1, stepAt(event.clientX))));
  node.addEventListener("pointerdown", (event) => {
    slide(event);
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener(
    "pointermove",
    (event) => node.hasPointerCapture(event.pointerId) && slide(event),
  );
  let last = -1;

  function show(number, place) {
    flag(node, "aria-valuenow", number + 1);
    flag(node, "aria-valuetext", `${place}, ${number + 1} of ${length}`);
    if (!few) return node.style.setProperty("--at", length > 1 ? number / (length - 1) : 1);
    const [from, to] =
      last < 0 ? [0, length - 1] : [Math.min(last, number), Math.max(last, number)];
    for (let n = from; n <= to; n += 1)
      flag(bars[n], "data-at", n === number ? "now" : n < number ? "done" : null);
    last = number;
  }
  return { node, show };
}
