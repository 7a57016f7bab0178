// Predict, then reveal: questions about a step, and the judging of guesses; see quiz.py.

import { by, makeAxis, pythonText } from "./geometry.js";
import { factor, shown } from "./number.js";

export const QUESTIONS = ["value", "weight", "index", "size"];
const PAIR = "a row and a column, such as 0, 2";
const EXPECTED = {
  value: "a number, such as 3 or 0.5",
  weight: PAIR,
  index: PAIR,
  size: "rows and columns, such as 4 x 3",
};

// The question of a kind about a step, or null where there is nothing to ask.
export function question(kind, step, term) {
  const name = (cell) => step.trace.name(cell);
  if (kind === "size") return made(kind, size(step));
  if (!step.terms?.length) return null;
  const marked = step.terms[term];
  if (kind === "value") return made(kind, value(step, marked, name));
  if (step.trace.kind === "pool")
    return kind === "index" ? made(kind, winner(step, marked, name)) : null;
  const cells = [marked.left, marked.right, marked.target];
  const [Y, W, Z] = ["Y", "W", "Z"].map((array) =>
    cells.find((cell) => cell.array.endsWith(array)),
  );
  if (kind === "weight") return made(kind, weight(step, marked, W, Y, Z, name));
  const asked = step.target ? marked.left : marked.target;
  const given = cells.filter((cell) => cell !== asked);
  const ask = `Which cell of ${asked.array} do ${given.map(name).join(" and ")} go with?`;
  return made(kind, cellAnswer(ask, asked, given, step.trace));
}

// The kinds of question that a stepper can ask.
export function questionsOf({ kind }) {
  if (kind === "stride") return [];
  return QUESTIONS.filter((one) => kind !== "pool" || one !== "weight");
}

// Whether a question of a kind is about the whole step, and not about one of its terms.
export function byStep(kind, step) {
  return kind === "size" || (kind === "value" && !step.source);
}

function made(kind, { ask, answer, told = `It is ${answer}.`, given, numbers, slips, short }) {
  const read = (guess) => readGuess(kind, guess);
  const isIt = (found, wanted) =>
    found.join() === short?.(wanted).join() || isAnswer(kind, found, wanted);
  const judge = (guess) => {
    const found = read(guess);
    if (isIt(found, numbers)) return { right: true, said: "" };
    const slip = slips.find(([wrong]) => isIt(found, wrong));
    return { right: false, said: slip ? slip[1] : "" };
  };
  // What is said of a guess that has no number in it, or nothing.
  const refusal = (guess) => {
    if (read(guess).length) return "";
    const typed = guess.trim() ? `${pythonText(guess.trim())} has no number in it: ` : "";
    return `${typed}type ${EXPECTED[kind]}`;
  };
  return { kind, ask, answer, told, given, numbers, read, judge, refusal };
}

// The numbers of a typed guess; a comma within one value is a decimal point.
function readGuess(kind, guess) {
  let plain = guess.replace(/[-\u2212] ?/g, "-"); // a telephone may type another minus
  if (kind === "value") plain = plain.replace(/^(\s*-?\d+),(\d+\s*)$/, "$1.$2");
  const one = /-?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[-+]?\d{1,3})?/g;
  return (plain.match(one) ?? []).map(Number);
}

// A map index that can only be 0 may be left out.
function isAnswer(kind, found, numbers) {
  if (kind === "value") return found.length === 1 && isNear(found[0], numbers[0]);
  const fits = found.length >= 2 && found.length <= numbers.length;
  return fits && numbers.every((number, at) => number === (found[at] ?? 0));
}

function isNear(a, b) {
  if (a === b) return true;
  const most = Math.max(1e-5 * Math.max(Math.abs(a), Math.abs(b)), 1e-9);
  return Number.isFinite(b) && Math.abs(a - b) <= most;
}

function value(step, marked, name) {
  const isGiven = Boolean(step.source);
  const number = isGiven ? marked.value : step.value;
  const all = `That is all that ${name(marked.target)} has got so far.`;
  const slips = isGiven ? [[[marked.target.value], all]] : slipsOfASum(step);
  slips.push([[-number], "The sign is wrong."]);
  const ask = isGiven
    ? `What does ${name(step.source)} give to ${name(marked.target)}?`
    : `What is ${name(step.target)}?`;
  const given = isGiven ? [marked.left, marked.right, marked.target] : [step.target];
  const answer = shown(number);
  const told = isGiven ? `It gives ${answer}.` : `${name(step.target)} = ${answer}.`;
  return { ask, answer, told, given, numbers: [number], slips };
}

function slipsOfASum(step) {
  const slips = [];
  if (step.trace.kind !== "filter") {
    const add = (sum, term) => sum + term.left.value * turned(step, term.right).value;
    const flips = step.trace.kind === "input";
    const words = flips ? "Without the half turn of W" : "With W turned by half a turn";
    slips.push([[step.start + step.terms.reduce(add, 0)], `${words} this would be the sum.`]);
  }
  if (step.bias)
    slips.push([[step.value - step.start], `The bias ${factor(step.start)} is missing.`]);
  if (step.terms.length > 1) {
    const words = `That is one of its ${step.terms.length} products, not their sum.`;
    slips.push(...step.terms.map((term) => [[term.value], words]));
  }
  return slips;
}

// The weight that half a turn of the filter puts in the place of another.
function turned({ trace }, { index: [u, v, ...maps] }) {
  const [rows, columns] = trace.where;
  return trace.cell("W", [rows.f - 1 - u, columns.f - 1 - v, ...maps]);
}

function weight(step, marked, asked, one, other, name) {
  if (asked.array === "dW") {
    const pair = `${name(marked.left)} ${name(marked.right)}`;
    const ask = `To the gradient of which weight does ${pair} belong?`;
    return cellAnswer(ask, asked, [one, other], step.trace);
  }
  const there = turned(step, asked);
  const flips = step.trace.kind === "input";
  const words = flips ? "Without the half turn" : "If W were turned by half a turn,";
  const slips = [[there.index, `${words} ${name(there)} would lie there.`]];
  const ask = `Which weight joins ${name(one)} and ${name(other)}?`;
  return cellAnswer(ask, asked, [one, other], step.trace, slips);
}

// A cell is asked for; besides the slips, its row and column may be exchanged.
function cellAnswer(ask, { array, index }, given, trace, slips = []) {
  const [first, second, ...maps] = index;
  const swapped = [[second, first, ...maps], "The row comes before the column."];
  const short = (numbers) => trace.short({ array, index: numbers });
  const answer = trace.name({ array, index });
  return { ask, answer, given, numbers: index, slips: [...slips, swapped], short };
}

// Where a max pool gives a gradient back to.
function winner(step, { left, target }, name) {
  const words = "Its number is as large, but the first one in row order gets all of it.";
  const slips = step.ties.map((cell) => [cell.index, words]);
  const ask = `Which cell of dY gets ${name(left)}?`;
  return cellAnswer(ask, target, [left], step.trace, slips);
}

// The size of the map that this pass is about to make, or to slide over.
function size({ trace: { where, kind } }) {
  const pair = (letter) => by(where.map((axis) => axis[letter]));
  const rims = where.map((axis) => `${axis.before} and ${axis.after}`).join(", ");
  const window = kind === "pool" ? "the window is" : "the filter is";
  const how = `stride ${pair("s")}, padding ${rims} (rows, columns), dilation ${pair("d")}`;
  const numbers = sizeOf(where, kind);
  const slips = Object.entries(WITHOUT).map(([name, changes]) => [
    sizeOf(without(where, changes), kind),
    `That is the size without the ${name}.`,
  ]);
  slips.push([numbers.toReversed(), "The height comes before the width."]);
  const ask = `Y is ${pair("n")}, ${window} ${pair("f")}, ${how}. ${WHAT[kind]}`;
  return { ask, answer: by(numbers), given: [], numbers, slips };
}

const SPREAD = "How large is dZ once it is spread and zero-padded for the flipped filter?";
const WHAT = {
  forward: "How large is Z?",
  influence: "How large is Z?",
  input: SPREAD,
  scatter: SPREAD,
  filter: "How large is dZ once it is spread, as it lies on Y?",
  pool: "How large is dZ?",
};
const WITHOUT = { stride: { s: 1 }, padding: { before: 0, after: 0 }, dilation: { d: 1 } };

function without(where, changes) {
  return where.map((axis) => {
    const { n, f, s, d, before, after } = { ...axis, ...changes };
    return makeAxis(n, f, s, d, [before, after]);
  });
}

function sizeOf(where, kind) {
  if (kind === "input" || kind === "scatter")
    return where.map((axis) => axis.n + axis.before + axis.after + axis.extent - 1);
  if (kind === "filter") return where.map((axis) => (axis.o - 1) * axis.s + 1);
  return where.map((axis) => axis.o);
}
