// Predict: the question stands where the answer will be, and all that tells the answer is hidden.

import { div, focusOn, icon, make, makeButton, makeField, minus, write } from "./dom.js";
import { questionsOf } from "./quiz.js";

const KIND_WORDS = { value: "value", weight: "weight", index: "cell", size: "size" };
const HOW = {
  value: "",
  weight: "Choose it in the table, or type its row and column.",
  index: "Choose it in the table, or type its row and column.",
  size: "Type rows and columns.",
};

export function makePredict(scene, tools, redraw) {
  const { host } = tools;
  const kinds = questionsOf(scene.problem);
  const told = new Map(); // what was said of each question that was answered here
  let [open, wanted] = [null, kinds[0]];
  const card = makeCardOfQuestion(kinds, {
    kind(name) {
      wanted = name;
      choose(name);
    },
    check,
    show: () => reveal(""),
    onward,
  });
  const key = () => `${host.predict} ${host.step} ${host.term}`;
  const byTerm = () => host.predict === "weight" || host.predict === "index";

  function choose(kind) {
    told.clear();
    host.setPredict(kind);
    tools.go(host.step);
    if (kind) card.focusGuess();
  }

  // What is hidden now: nothing, or what the question is about. `names` is the array that is asked
  // for, `secret` that even the step must not be told.
  function asked(step) {
    open = kinds.includes(host.predict) ? host.asked() : null;
    if (!open) return {};
    const names = byTerm() ? open.answer.replace(/\(.*/s, "") : null;
    const secret = host.predict === "size" || names === step.target?.array;
    return { kind: host.predict, names, secret, hide: host.predict === "value", given: open.given };
  }

  function check(text) {
    const refusal = open?.refusal(text);
    if (!refusal) return reveal(text);
    tools.say(`${refusal[0].toUpperCase()}${refusal.slice(1)}.`);
    card.focusGuess();
  }

  // Without a guess the answer is shown all the same.
  function reveal(text) {
    if (!open) return;
    told.set(key(), host.guess(text));
    tools.say("");
    redraw();
    tools.answer(told.get(key()));
    card.focusNext();
  }

  function onward() {
    if (byTerm()) tools.nextTerm();
    else tools.nextCell();
    card.focusGuess();
  }

  function show(meet) {
    const on = Boolean(host.predict) && kinds.length > 0 && meet;
    meet?.toggleAttribute("data-asking", Boolean(on));
    if (!on) return card.node.remove();
    if (card.node.parentNode !== meet) meet.append(card.node);
    card.show({
      kind: host.predict,
      open,
      told: told.get(key()),
      tally: host.score.tally,
      colors: (text) => colorNames(scene, text),
    });
  }

  // A cell was chosen in a table: it is the guess, where one of its array is asked for.
  function pick(name) {
    if (!open || !byTerm()) return false;
    const array = open.answer.replace(/\(.*/s, "");
    const chosen = scene.trace.kind === "pool" ? name.replace(/^Y/, "dY") : name;
    if (chosen.startsWith(`${array}(`)) check(chosen.slice(array.length));
    return true;
  }
  const toggle = () => choose(host.predict ? null : wanted);
  return {
    kinds,
    asked,
    show,
    pick,
    toggle,
    byTerm,
    check: () => card.submit(),
    aloud: () => open?.ask ?? "",
  };
}

// A text in which each cell has its short name, in the colour of its array.
function colorNames(scene, text) {
  const parts = minus(text).split(/(d?[YWZ]\([\d, ]+\))/);
  return parts.map((part) => {
    const found = /^(d?[YWZ])\(([\d, ]+)\)$/.exec(part);
    if (!found) return part;
    return make("b", { "data-c": scene.color(found[1]), text: part });
  });
}

function makeCardOfQuestion(kinds, act) {
  const select = make(
    "select",
    { "aria-label": "what to predict" },
    ...kinds.map((kind) => make("option", { value: kind, text: KIND_WORDS[kind] })),
  );
  const pips = make("span", { class: "cs-pips", "aria-hidden": "true" });
  const tally = make("span", { class: "cs-tally" });
  const head = div("cs-askhead", make("label", {}, "Predict ", select), pips, tally);
  const ask = make("p", { class: "cs-ask" });
  const how = make("p", { class: "cs-how" });
  const guess = makeField("cs-guess", { "aria-label": "your guess" });
  const check = makeButton("cs-main", null, "Check", { type: "submit" });
  const show = makeButton("", null, "Show");
  const form = make("form", { class: "cs-answer" }, guess, check, show);
  const next = makeButton("cs-main cs-onward", null, "Next question");
  next.append(icon("next"));
  const told = make("p", { class: "cs-told" });
  const node = div("cs-question", head, ask, told, how, form, next);

  select.addEventListener("change", () => act.kind(select.value));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act.check(guess.value);
  });
  show.addEventListener("click", act.show);
  next.addEventListener("click", act.onward);
  let asked = null;

  return {
    node,
    show({ kind, open, told: answer, tally: right, colors }) {
      select.value = kind;
      const pip = (good) =>
        make("i", { class: good ? "cs-yes" : "cs-no" }, icon(good ? "check" : "cross"));
      pips.replaceChildren(...right.slice(-6).map(pip));
      write(tally, right.length ? `${right.filter(Boolean).length} of ${right.length}` : "");
      for (const node of [form, ask]) node.hidden = !open;
      for (const node of [next, told]) node.hidden = Boolean(open);
      if (open && open.ask === asked) return;
      asked = open?.ask ?? null;
      guess.value = "";
      write(how, open ? HOW[kind] : "");
      if (open) ask.replaceChildren(...colors(open.ask));
      else told.replaceChildren(...answerOf(answer, colors));
    },
    submit: () => (form.hidden ? next.isConnected && next.click() : act.check(guess.value)),
    focusNext: () => focusOn(next),
    focusGuess() {
      focusOn(guess);
      guess.select();
    },
  };
}

// Right or wrong as a shape and a word, the answer, and why.
function answerOf(answer, colors) {
  if (!answer) return ["There is no question here."];
  const { right, said } = answer;
  if (right === null) return colors(said);
  const word = make(
    "b",
    { class: right ? "cs-yes" : "cs-no" },
    icon(right ? "check" : "cross"),
    right ? " Right. " : " Not right. ",
  );
  return [word, ...colors(said)];
}
