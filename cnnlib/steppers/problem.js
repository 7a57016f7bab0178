// A problem as data: what a stepper is given, checked once, and the trace that is made of it.

import { by, checkOutput, fail, geometry, pairOf, poolGeometry } from "./geometry.js";
import { pythonText, readGeometry } from "./geometry.js";
import { ROUND, bytesOf, decoded } from "./number.js";
import { PoolTrace } from "./pool.js";
import { arraysFromText, partsOf, readNumber } from "./share.js";
import { stageTrace } from "./stages.js";
import { Trace, cellCount } from "./trace.js";

const MOST_CELLS = 1024; // nobody reads a larger map cell by cell
export const ACTIVATIONS = ["relu", "leaky_relu", "sigmoid", "tanh"];

// What each kind of stepper is given, and the pass that it steps through.
const CONVOLUTION = ["stride", "padding", "dilation"];
const FORWARD = { arrays: ["Y", "W", "b"], how: CONVOLUTION };
const INPUT = { arrays: ["dZ", "W"], size: "input_size", how: CONVOLUTION };
const FILTER = { arrays: ["dZ", "Y"], size: "filter_size", how: CONVOLUTION };
export const KINDS = {
  forward: { ...FORWARD, pass: "forward" },
  influence: { ...FORWARD, pass: "influence" },
  activation: { ...FORWARD, pass: "forward", extras: { activation: "relu" } },
  input: { ...INPUT, pass: "input", rings: true },
  three: { ...INPUT, pass: "input", rings: true, oneMap: true },
  stride: { ...INPUT, pass: "input", rings: true, oneMap: true },
  scatter: { ...INPUT, pass: "scatter" },
  filter: { ...FILTER, pass: "filter" },
  nudge: { ...FILTER, pass: "filter", extras: { amount: 1 } },
  pool: { arrays: ["dZ", "Y"], size: "size", how: ["stride"], pass: "pool" },
};

// Open a problem as Python sends it, or a share code has it; throws where it is none. Of Python's,
// dZ may have another size than the geometry asks for: with `fit` it is cut or repeated.
export function openProblem({ kind, arrays, geometry: how, extras = {}, fit = false }) {
  const opened = {};
  for (const [name, array] of Object.entries(arrays)) opened[name] = openArray(array);
  const more = extras.dY ? { ...extras, dY: openArray(extras.dY) } : { ...extras };
  return makeProblem({ kind, given: opened, how, extras: more }, fit);
}

function openArray({ shape, dtype, stored = dtype, data, values }) {
  if (values) return { shape, dtype, values };
  const bytes = typeof data === "string" ? bytesOf(data) : data;
  return { shape, dtype, values: decoded(bytes, stored) };
}

// The problem with another stride, padding, dilation, nudge or activation, as typed or as values.
// Where dZ must have another size then, it takes the numbers that were given, cut or repeated.
export function changed(problem, changes) {
  const { amount, activation, ...geometryChanges } = changes;
  const how = { ...problem.how };
  for (const [name, typed] of Object.entries(geometryChanges)) how[name] = readGeometry(typed);
  const extras = { ...problem.extras };
  if (amount !== undefined) extras.amount = readNumber("nudge", String(amount));
  if (activation !== undefined) extras.activation = activation;
  return makeProblem({ ...problem, how, extras }, true);
}

// The problem with other arrays and sizes, as typed: all of them, by name.
export function used(problem, typed) {
  const { b, dY, ...read } = arraysFromText(typed);
  const given = { ...problem.given };
  const how = { ...problem.how };
  for (const [name, value] of Object.entries(read)) (value.shape ? given : how)[name] = value;
  if (b) given.b = b;
  else if ("b" in typed) delete given.b;
  const extras = "dY" in typed ? { ...problem.extras, dY } : problem.extras;
  return makeProblem({ ...problem, given, how, extras });
}

// The problem of a code; a stepper of a `wanted` kind takes those of its relatives too.
export function fromCode(code, wanted = null) {
  const found = partsOf(code);
  const { kind } = found;
  const used = wanted ?? kind;
  const relatives = Object.keys(KINDS).filter((one) => KINDS[one].size === KINDS[used]?.size);
  if (!relatives.includes(kind))
    fail(
      `this is the code of another stepper, ${pythonText(kind)}; this one takes those of ` +
        `${(relatives.length ? relatives : Object.keys(KINDS)).join(", ")}`,
    );
  const extras = extrasOf(used, found.arrays, found.geometry);
  const { nudge, dY, ...arrays } = found.arrays;
  const { activation, ...geometry } = found.geometry;
  checkParts(arrays, geometry, KINDS[used]);
  const { padding } = geometry;
  if (padding) geometry.padding = [padding.slice(0, 2), padding.slice(2)];
  return { kind: used, arrays, geometry, extras };
}

function extrasOf(kind, { nudge, dY }, { activation }) {
  const extras = { ...KINDS[kind].extras };
  if ("amount" in extras && nudge) [extras.amount] = nudge.values;
  if ("activation" in extras && activation) extras.activation = activation;
  if ("activation" in extras && dY) extras.dY = dY;
  return extras;
}

const AXES = { Y: 3, W: 4, b: 1, dZ: 3 };

// Whether a code has all the parts that its kind needs, and no others.
function checkParts(arrays, geometry, { arrays: names, size = [], how }) {
  const needed = [...names, ...how].concat(size);
  const found = [...Object.keys(arrays), ...Object.keys(geometry)];
  const missing = needed.filter((name) => name !== "b" && !found.includes(name));
  const wrong = [...missing, ...found.filter((name) => !needed.includes(name))].sort();
  for (const [name, { shape }] of Object.entries(arrays))
    if (shape.length !== AXES[name]) wrong.push(name);
  if (!wrong.length && !fitTogether(arrays)) wrong.push("W");
  for (const [name, numbers] of Object.entries(geometry))
    if (numbers.length !== (name === "padding" ? 4 : 2)) wrong.push(name);
  if (wrong.length) fail(`the code is broken at ${wrong[0]}: copy all of it again`);
}

// Whether the filters are for the maps of Y, or make those of dZ.
function fitTogether({ Y, W, dZ }) {
  return !W || (Y ? Y.shape[2] === W.shape[2] : dZ.shape[2] === W.shape[3]);
}

function makeProblem({ kind, given, how, extras }, fit = false) {
  const rule = KINDS[kind];
  const dtype = widest(Object.values(given).map((array) => array.dtype));
  const problem = { kind, given, how, extras, fit, dtype, arrays: {}, note: "" };
  for (const [name, array] of Object.entries(given)) problem.arrays[name] = { ...array, dtype };
  checkBias(problem.arrays);
  problem.where = whereOf(problem);
  if (given.dZ) takeGradient(problem);
  checkReadable(problem);
  checkActivation(problem);
  if (rule.oneMap) checkOneMap(problem);
  problem.geometry = resolved(problem);
  problem.trace = makeTrace(problem, rule.pass);
  if (!problem.trace.length) fail("there is nothing to step through");
  return problem;
}

function makeTrace(problem, pass) {
  if (problem.kind === "stride") return stageTrace(problem);
  if (pass === "pool")
    return new PoolTrace(pass, problem.where, problem.arrays, problem.arrays.Y.shape);
  return new Trace(pass, problem.where, problem.arrays, resultShape(problem));
}

function whereOf({ kind, arrays, how }) {
  if (kind === "pool") return poolGeometry(arrays.Y.shape.slice(0, 2), how);
  const { Y, W } = arrays;
  const input = Y ? Y.shape.slice(0, 2) : how.input_size;
  return geometry(input, W ? W.shape.slice(0, 2) : how.filter_size, how);
}

function widest(dtypes) {
  return ["float64", "float32", "float16"].find((dtype) => dtypes.includes(dtype));
}

// Sizes and how the windows lie, as pairs.
function resolved({ kind, where }) {
  const all = {
    input_size: pairOf(where, "n"),
    filter_size: pairOf(where, "f"),
    size: pairOf(where, "f"),
    stride: pairOf(where, "s"),
  };
  all.padding = where.map((axis) => [axis.before, axis.after]);
  all.dilation = pairOf(where, "d");
  const { size, how: names } = KINDS[kind];
  return Object.fromEntries([size, ...names].filter(Boolean).map((name) => [name, all[name]]));
}

function resultShape({ kind, arrays: { Y, W, dZ }, where }) {
  const { pass } = KINDS[kind];
  if (pass === "filter") return [...pairOf(where, "f"), Y.shape[2], dZ.shape[2]];
  if (dZ) return [...pairOf(where, "n"), W.shape[2]];
  return [...pairOf(where, "o"), W.shape[3]];
}

// dZ in the size that the geometry asks for.
function takeGradient(problem) {
  const { kind, where, arrays, given, fit, dtype } = problem;
  const shape = [...pairOf(where, "o"), given.dZ.shape[2]];
  if (fit) {
    checkReadable(problem);
    arrays.dZ = resized(given.dZ, shape, dtype);
  }
  if (kind === "pool") checkPool(problem);
  else checkOutput(arrays.dZ, where);
  const [size, before] = [shape, given.dZ.shape].map((one) => by(one.slice(0, 2)));
  if (size !== before)
    problem.note =
      `dZ is ${size} now: it holds the numbers of the ${before} one that was given, in row order, ` +
      `cut or repeated.`;
}

// The numbers of an array in row order, cut or repeated.
function resized({ values }, shape, dtype) {
  const number = (_, n) => ROUND[dtype](values[n % values.length]);
  return { shape, dtype, values: Float64Array.from({ length: cellCount(shape) }, number) };
}

// --- checks, with the words of shapes.py -----------------------------------------------------

function checkBias({ W, b }) {
  if (b && b.shape[0] !== W.shape[3])
    fail(
      `b has ${count(b.shape[0], "value")}, W has ${count(W.shape[3], "filter")}: b needs one value ` +
        `for each filter, b.shape == (${W.shape[3]},)`,
    );
}

function checkPool({ arrays: { dZ, Y }, where }) {
  const shape = [...pairOf(where, "o"), Y.shape[2]];
  if (by(shape) !== by(dZ.shape))
    fail(
      `dZ has the shape ${pythonText(dZ.shape)}, but the pool of a map ${pythonText(Y.shape)} gives ` +
        `${pythonText(shape)}; pass the Y, the size and the stride of the forward pass`,
    );
}

function checkOneMap({ kind, arrays: { dZ, W } }) {
  const [, , nK, fK] = W.shape;
  if (nK === 1 && fK === 1) return;
  const way = "pass dZ[..., [k]] and W[:, :, [k_in]][..., [k]]";
  fail(
    kind === "three"
      ? `the three ways are shown for one map, W has the shape ${pythonText(W.shape)}: ${way}`
      : `the stages are those of one image and one map; dZ has the shape ${pythonText(dZ.shape)}, ` +
          `W has ${pythonText(W.shape)}: ${way}`,
  );
}

function checkReadable({ kind, where }) {
  const ring = (axis) => (KINDS[kind].rings ? axis.extent - 1 : 0);
  const board = where.map((axis) => axis.n + axis.before + axis.after + ring(axis));
  if (board[0] * board[1] > MOST_CELLS)
    fail(
      `a map of ${by(board)} cells, padding and all, is too large to step through: at most ` +
        `${MOST_CELLS} cells; take a piece of it, such as Y[:12, :12]`,
    );
}

// The gradient that arrives at the output of an activation has the size of Z.
function checkActivation(problem) {
  const { extras, where, arrays, fit, dtype } = problem;
  if ("activation" in extras && !ACTIVATIONS.includes(extras.activation))
    fail(
      `activation must be one of ${ACTIVATIONS.join(", ")}; got ${pythonText(extras.activation)}`,
    );
  if (!extras.dY) return;
  const shape = [...pairOf(where, "o"), arrays.W.shape[3]];
  if (!fit && by(extras.dY.shape) !== by(shape))
    fail(
      `dY has the shape ${pythonText(extras.dY.shape)}, Z has ${pythonText(shape)}: an activation ` +
        `works cell by cell, so both must be alike`,
    );
  problem.dY = resized(extras.dY, shape, dtype);
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
