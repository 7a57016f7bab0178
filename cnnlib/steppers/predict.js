// Predict: the question stands where the answer will be, and all that tells the answer is hidden.

import { icon, make, minus, write } from "./dom.js";
import { question, questionsOf } from "./quiz.js";

const WORDS = { value: "value", weight: "weight", index: "cell", size: "size" };
const HOW = {
  value: "",
  weight: "Choose it in the table, or type its row and column.",
  index: "Choose it in the table, or type its row and column.",
  size: "Type rows and columns.",
};

export function makePredict(scene, tools, redraw) {
  const { host } = tools;
  const kinds = questionsOf(scene.problem);
  const answers = new Map(); // of each question: {right, said}
  let open = null; // the question that is on the page
  let [key, wanted] = ["", kinds[0]];
  const card = makeCardOfQuestion(kinds, {
    kind(name) {
      wanted = name;
      answers.clear();
      host.setPredict(name);
      redraw();
    },
    check: (text) => check(text),
    show: () => check(""),
    onward: () => onward(),
  });

  function keyOf(kind, step, number, now) {
    if (kind === "size") return "size";
    return kind === "value" && !step.source ? `value ${number}` : `${kind} ${number} ${now}`;
  }

  // What is hidden now: nothing, or the question with the array of its answer.
  function asked(step, term, number, now) {
    open = null;
    if (!host.predict || !kinds.includes(host.predict)) return {};
    key = keyOf(host.predict, step, number, now);
    const found = answers.has(key) ? null : question(host.predict, step, now);
    if (!found) return {};
    open = { ...found, array: arrayOf(found) };
    const names = open.array;
    return { kind: host.predict, names, hide: host.predict === "value", given: names ? found.given : null };
  }

  function arrayOf({ kind, answer }) {
    return kind === "weight" || kind === "index" ? answer.replace(/\(.*/s, "") : null;
  }

  function check(text) {
    if (!open) return;
    const told = host.guess(text);
    if (told.right === null && text.trim()) return card.refuse(told.said);
    answers.set(key, { ...told, answer: open.answer });
    redraw();
    card.focusNext();
  }

  function onward() {
    const byTerm = host.predict === "weight" || host.predict === "index";
    if (byTerm) tools.acts.forward(1);
    else tools.acts.nextCell();
    card.focusGuess();
  }

  function show(meet) {
    const on = Boolean(host.predict) && (open || answers.has(key));
    meet?.toggleAttribute("data-asking", Boolean(on));
    if (!on) return card.node.remove();
    if (card.node.parentNode !== meet) meet.append(card.node);
    const given = [...answers.values()];
    card.show({ kind: host.predict, open, told: open ? null : answers.get(key), given, colors: words });
  }

  const words = (text) => colorNames(scene, text);

  // A cell was chosen in a table: it is the guess, where one of its array is asked for.
  function pick(name) {
    const { names } = open ? { names: open.array } : {};
    if (!names || !name.startsWith(`${names}(`)) return Boolean(open);
    check(name.slice(names.length));
    return true;
  }

  function toggle() {
    answers.clear();
    host.setPredict(host.predict ? null : wanted);
    redraw();
    if (host.predict) tools.go(Number(tools.root.dataset.step));
    if (host.predict) card.focusGuess();
  }
  return {
    kinds, asked, show, pick, toggle,
    check: () => card.submit(),
    byTerm: () => host.predict === "weight" || host.predict === "index",
    aloud: () => open?.ask ?? "",
  };
}

// A text in which each cell has its short name, in the colour of its array.
function colorNames(scene, text) {
  const parts = minus(text).split(/(d?[YWZ]\([\d, ]+\))/);
  return parts.map((part) => {
    const found = /^(d?[YWZ])\(([\d, ]+)\)$/.exec(part);
    if (!found) return part;
    const cell = { array: found[1], index: found[2].split(",").map(Number) };
    return make("b", { "data-c": scene.color(cell.array), text: scene.name(cell) });
  });
}

function makeCardOfQuestion(kinds, act) {
  const select = make("select", { "aria-label": "what to predict" }, ...kinds.map((kind) => make("option", { value: kind, text: WORDS[kind] })));
  const pips = make("span", { class: "cs-pips", "aria-hidden": "true" });
  const tally = make("span", { class: "cs-tally" });
  const head = make("div", { class: "cs-askhead" }, make("label", {}, "Predict ", select), pips, tally);
  const ask = make("p", { class: "cs-ask" });
  const how = make("p", { class: "cs-how" });
  const guess = make("input", { class: "cs-guess", "aria-label": "your guess", autocomplete: "off", spellcheck: "false" });
  const check = make("button", { class: "cs-button cs-main", text: "Check" });
  const show = make("button", { type: "button", class: "cs-button", text: "Show" });
  const form = make("form", { class: "cs-answer" }, guess, check, show);
  const next = make("button", { type: "button", class: "cs-button cs-main cs-onward" }, make("span", { text: "Next question" }), icon("next"));
  const told = make("p", { class: "cs-told" });
  const node = make("div", { class: "cs-question" }, head, ask, told, how, form, next);

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
    show({ kind, open, told: answer, given, colors }) {
      select.value = kind;
      pips.replaceChildren(...given.filter((one) => one.right !== null).slice(-6).map(({ right }) =>
        make("i", { class: right ? "cs-yes" : "cs-no" }, icon(right ? "check" : "cross"))));
      const counted = given.filter((one) => one.right !== null);
      write(tally, counted.length ? `${counted.filter((one) => one.right).length} of ${counted.length}` : "");
      form.hidden = !open;
      next.hidden = Boolean(open);
      ask.hidden = !open;
      told.hidden = Boolean(open);
      if (open && open.ask !== asked) {
        asked = open.ask;
        ask.replaceChildren(...colors(open.ask));
        how.textContent = HOW[kind];
        guess.value = "";
      }
      if (!open) {
        asked = null;
        told.className = `cs-told ${answer.right === null ? "" : answer.right ? "cs-yes" : "cs-no"}`;
        told.replaceChildren(...(answer.right === null ? [] : [icon(answer.right ? "check" : "cross")]), make("span", {}, ...colors(answer.said)));
        how.textContent = "";
      }
    },
    refuse(text) {
      how.textContent = text;
      guess.value = "";
      guess.focus({ preventScroll: true });
    },
    submit: () => (form.hidden ? next.isConnected && next.click() : guess.value && act.check(guess.value)),
    focusNext: () => next.isConnected && next.focus({ preventScroll: true }),
    focusGuess: () => guess.isConnected && guess.focus({ preventScroll: true }),
  };
}
