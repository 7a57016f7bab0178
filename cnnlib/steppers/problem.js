// A problem as data: what a stepper is given, checked once, and the trace that is made of it.

import { by, geometry, one, paddingText, poolGeometry, pythonText, readGeometry } from "./geometry.js";
import { ROUND, bytesOf, decoded } from "./number.js";
import { PoolTrace } from "./pool.js";
import { stageTrace } from "./stages.js";
import { Trace, cellCount } from "./trace.js";

const MOST_CELLS = 1024; // nobody reads a larger map cell by cell
export const ACTIVATIONS = ["relu", "leaky_relu", "sigmoid", "tanh"];

// What each kind of stepper is given, by the pass that it steps through.
export const KINDS = {
  forward: { pass: "forward", arrays: ["Y", "W", "b"] },
  influence: { pass: "influence", arrays: ["Y", "W", "b"] },
  activation: { pass: "forward", arrays: ["Y", "W", "b"] },
  input: { pass: "input", arrays: ["dZ", "W"], size: "input_size", rings: true },
  three: { pass: "input", arrays: ["dZ", "W"], size: "input_size", rings: true, oneMap: true },
  stride: { pass: "input", arrays: ["dZ", "W"], size: "input_size", rings: true, oneMap: true },
  scatter: { pass: "scatter", arrays: ["dZ", "W"], size: "input_size" },
  filter: { pass: "filter", arrays: ["dZ", "Y"], size: "filter_size" },
  nudge: { pass: "filter", arrays: ["dZ", "Y"], size: "filter_size" },
  pool: { pass: "pool", arrays: ["dZ", "Y"], size: "size" },
};

// Open a problem as Python sends it, or a share code has it; throws where it is none.
export function openProblem(data) {
  const arrays = {};
  for (const [name, array] of Object.entries(data.arrays)) arrays[name] = openArray(array);
  const given = data.given ? openArray(data.given) : arrays.dZ;
  const { geometry: how, extras = {} } = data;
  if (extras.dY?.shape) extras.dY = openArray(extras.dY);
  return makeProblem({ kind: data.kind, arrays, given, how, extras });
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
  if (amount !== undefined) extras.amount = readAmount(amount);
  if (activation !== undefined) extras.activation = activation;
  return makeProblem({ ...problem, how, extras }, true);
}

function makeProblem({ kind, arrays, given, how, extras }, fit = false) {
  const rule = KINDS[kind];
  const dtype = widest(Object.values(arrays).map((array) => array.dtype));
  const problem = { kind, given, how, extras, arrays: {}, note: "" };
  for (const [name, array] of Object.entries(arrays)) problem.arrays[name] = { ...array, dtype };
  checkArrays(problem.arrays);
  problem.where = whereOf(problem);
  checkReadable(problem.where, rule.rings);
  if (fit && given) fitGradient(problem, dtype);
  if (kind === "pool") checkPool(problem);
  else if (problem.arrays.dZ) checkOutput(problem.arrays.dZ, problem.where);
  if (rule.oneMap) checkOneMap(problem);
  checkExtras(problem);
  problem.geometry = resolved(problem);
  problem.trace = makeTrace(problem, rule.pass);
  if (!problem.trace.length) throw new Error("there is nothing to step through");
  return problem;
}

function makeTrace(problem, pass) {
  if (problem.kind === "stride") return stageTrace(problem);
  if (pass === "pool") return new PoolTrace(pass, problem.where, problem.arrays, problem.arrays.Y.shape);
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

function resolved({ where, how }) {
  const found = {};
  for (const name of ["input_size", "filter_size", "size"]) if (name in how) found[name] = how[name];
  const pair = (letter) => where.map((axis) => axis[letter]);
  const padding = where.map((axis) => [axis.before, axis.after]);
  return { ...found, stride: pair("s"), padding, dilation: pair("d") };
}

function resultShape({ kind, arrays, where }) {
  const { Y, W, dZ } = arrays;
  const { pass } = KINDS[kind];
  if (pass === "filter") return [where[0].f, where[1].f, Y.shape[2], dZ.shape[2]];
  if (dZ) return [where[0].n, where[1].n, W.shape[2]];
  return [where[0].o, where[1].o, W.shape[3]];
}

// dZ in the size that the geometry asks for: the given numbers in row order, cut or repeated.
function fitGradient(problem, dtype) {
  const { given, where } = problem;
  const shape = [where[0].o, where[1].o, given.shape[2]];
  const count = given.values.length;
  const values = Float64Array.from({ length: cellCount(shape) }, (_, n) => given.values[n % count]);
  problem.arrays.dZ = { shape, dtype, values };
  const [size, before] = [shape, given.shape].map((one) => by(one.slice(0, 2)));
  if (size !== before)
    problem.note =
      `dZ is ${size} now: it holds the numbers of the ${before} one that was given, in row order, ` +
      `cut or repeated.`;
}

// --- checks, with the words of shapes.py -----------------------------------------------------

function checkArrays({ Y, W, b, dZ }) {
  const text = (array) => pythonText(array.shape);
  if (Y && W && Y.shape[2] !== W.shape[2]) {
    const first = Y.shape[0] === W.shape[2] ? " (channels come last here: np.moveaxis(Y, -3, -1))" : "";
    throw new Error(
      `Y has ${count(Y.shape[2], "channel")}, W has filters for ${count(W.shape[2], "channel")}: ` +
        `Y.shape[-1] and W.shape[2] must be equal; Y.shape is ${text(Y)}, W.shape is ${text(W)}${first}`,
    );
  }
  if (b && b.shape[0] !== W.shape[3])
    throw new Error(
      `b has ${count(b.shape[0], "value")}, W has ${count(W.shape[3], "filter")}: b needs one value ` +
        `for each filter, b.shape == (${W.shape[3]},)`,
    );
  if (dZ && W && dZ.shape[2] !== W.shape[3])
    throw new Error(
      `dZ has ${count(dZ.shape[2], "map")}, W has ${count(W.shape[3], "filter")}: each filter makes ` +
        `one map, dZ.shape[-1] == W.shape[3]; dZ.shape is ${text(dZ)}, W.shape is ${text(W)}`,
    );
}

function checkOutput(dZ, where) {
  const size = where.map((axis) => axis.o);
  if (size[0] === dZ.shape[0] && size[1] === dZ.shape[1]) return;
  const pair = (letter) => where.map((axis) => axis[letter]);
  const dilated = where.some((axis) => axis.d !== 1);
  const padding = paddingText(where.map((axis) => [axis.before, axis.after]));
  throw new Error(
    `dZ is ${by(dZ.shape.slice(0, 2))}, but a ${by(pair("n"))} input, a ${by(pair("f"))} filter, ` +
      `stride ${one(pair("s"))}${dilated ? ", " : " and "}padding ${padding}` +
      `${dilated ? ` and dilation ${one(pair("d"))}` : ""} give a ${by(size)} output; ` +
      `pass the stride and padding of the forward pass`,
  );
}

function checkPool({ arrays: { dZ, Y }, where }) {
  const shape = [where[0].o, where[1].o, Y.shape[2]];
  if (by(shape) !== by(dZ.shape))
    throw new Error(
      `dZ has the shape ${pythonText(dZ.shape)}, but the pool of a map ${pythonText(Y.shape)} gives ` +
        `${pythonText(shape)}; pass the Y, the size and the stride of the forward pass`,
    );
}

function checkOneMap({ kind, arrays: { dZ, W } }) {
  const [, , nK, fK] = W.shape;
  if (nK === 1 && fK === 1) return;
  const way = "pass dZ[..., [k]] and W[:, :, [k_in]][..., [k]]";
  throw new Error(
    kind === "three"
      ? `the three ways are shown for one map, W has the shape ${pythonText(W.shape)}: ${way}`
      : `the stages are those of one image and one map; dZ has the shape ${pythonText(dZ.shape)}, ` +
        `W has ${pythonText(W.shape)}: ${way}`,
  );
}

function checkReadable(where, rings) {
  const ring = (axis) => (rings ? axis.extent - 1 : 0);
  const board = where.map((axis) => axis.n + axis.before + axis.after + ring(axis));
  if (board[0] * board[1] > MOST_CELLS)
    throw new Error(
      `a map of ${by(board)} cells, padding and all, is too large to step through: at most ` +
        `${MOST_CELLS} cells; take a piece of it, such as Y[:12, :12]`,
    );
}

function checkExtras({ extras }) {
  if (extras.activation !== undefined && !ACTIVATIONS.includes(extras.activation))
    throw new Error(
      `activation must be one of ${pythonText(ACTIVATIONS)}; got ${pythonText(extras.activation)}`,
    );
}

function readAmount(typed) {
  const amount = typeof typed === "string" && typed.trim() ? Number(typed) : typed;
  if (typeof amount !== "number")
    throw new Error(`nudge must be a number; got ${pythonText(typed)}`);
  return amount;
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
