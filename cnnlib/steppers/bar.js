// The toolbar: moves, how to move, where one is, and what opens; and the track of the steps.

import { div, flag, make, makeButton, makeChoice, makeField, seq, setIcon, write } from "./dom.js";

const MOVES = { first: "First step", previous: "Previous", next: "Next", last: "Last step" };

function button(name, label, text) {
  const more = { "aria-label": label, title: text ? null : label, "data-do": name };
  return makeButton(`cs-do-${name}`, name, text, more);
}

export function makeBar(acts, { questions, terms, longest }) {
  const made = {};
  for (const [name, label] of Object.entries(MOVES))
    made[name] = button(name, label, name === "next" ? "Next" : "");
  made.next.append(made.next.firstChild); // the arrow after its word
  const play = button("play", "Play or pause", "Play");
  const units = ["cell", "term"].map((one) => [one, `by ${one}`]);
  const unit = makeChoice("unit", "move by", units, "cell", (one) => acts.unit(one === "term"));
  const field = makeField("cs-goto", { "aria-label": "go to a cell or step" });
  field.style.setProperty("--long", longest);
  const count = make("span.cs-count");
  const predict = button("predict", "Predict", "Predict");
  const code = button("code", "The same in Python", "");
  const setup = button("setup", "Set up", "Set up");
  const present = button("present", "Present, full screen", "Present");
  const more = button("more", "More", "");
  const moves = div("cs-group cs-moves", ...Object.values(made), play, more);
  const place = div("cs-group cs-place", terms ? unit.node : null, field, count);
  const rare = div("cs-group cs-rare", questions ? predict : null, code, setup, present);
  const group = { class: "cs-bar", role: "group", "aria-label": "moves" };
  const node = make("div", group, moves, place, rare);

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

  // pressed: which of these buttons are down.
  function show({ place, byTerm, atStart, atEnd, pressed, opened }) {
    for (const name of ["first", "previous"]) dim(made[name], atStart);
    for (const name of ["next", "last"]) dim(made[name], atEnd);
    for (const [name, node] of Object.entries({ play, predict, code }))
      flag(node, "aria-pressed", pressed[name]);
    flag(setup, "aria-expanded", opened);
    rename(play, pressed.play ? "pause" : "play", pressed.play ? "Pause" : "Play");
    rename(present, pressed.present ? "leave" : "present", pressed.present ? "Leave" : "Present");
    flag(present, "aria-label", pressed.present ? "Leave full screen" : "Present, full screen");
    unit.show(byTerm ? "term" : "cell");
    write(count, place.count);
    field.dataset.place = place.name;
    if (document.activeElement !== field || place.moved) field.value = place.name;
  }
  return { node, show, field };
}

function rename(node, shape, word) {
  write(node.lastChild, word);
  setIcon(node, shape);
}

// A button that does nothing now stays where it is, so that the focus is not lost.
function dim(node, off) {
  flag(node, "aria-disabled", off ? "true" : null);
}

// A bar for each step, with a gap after each row of the result; above 60 steps one line.
export function makeTrack(length, row, go) {
  const few = length <= 60;
  const bar = (n) => make("i", { class: (n + 1) % row ? "" : "cs-end" });
  const bars = few ? seq(length).map(bar) : [make("i"), make("b")];
  const slider = { role: "slider", tabindex: 0, "aria-label": "step", "aria-valuemin": 1 };
  const node = make("div", { ...slider, "aria-valuemax": length }, ...bars);
  node.className = few ? "cs-track" : "cs-track cs-slider";
  const stepAt = (x) => {
    const { left, width } = node.getBoundingClientRect();
    if (!few) return Math.round(((x - left) / width) * (length - 1));
    const found = bars.findIndex((one) => x <= one.getBoundingClientRect().right + 1);
    return found < 0 ? length - 1 : found;
  };
  const slide = (event) => go(Math.max(0, Math.min(length - 1, stepAt(event.clientX))));
  node.addEventListener("pointerdown", (event) => {
    slide(event);
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) slide(event);
  });
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
