// The input gradient as a picture in stages: spread, append, pad, slide, crop; see stages.py.

import { makeAxis, one, pythonText } from "./geometry.js";
import { Trace, stagePlace } from "./trace.js";

// What each stage of a problem holds: values by rows, and why there is a zero in a row or column.
export function stages({ arrays, where }) {
  const { dZ } = arrays;
  const pair = (of) => one(where.map(of));
  const numbers = (size) => [...Array(size).keys()].map(String);
  const lines = [where.map((axis) => numbers(axis.o))];
  lines.push(where.map(spreadLine));
  lines.push(lines[1].map((line, n) => [...line, ...Array(where[n].rest).fill("rest")]));
  const rings = where.map((axis) => Array(axis.extent - 1).fill("pad"));
  lines.push(lines[2].map((line, n) => [...rings[n], ...line, ...rings[n]]));
  const done = [
    "as it arrives",
    `zeros between neighbours: ${pair((axis) => axis.s - 1)}`,
    `left-over rows and columns: ${pair((axis) => axis.rest)}`,
    `zeros around it: ${rings[0].length} above and below, ${rings[1].length} left and right`,
  ];
  const at = (row, column) => (isIndex(row, column) ? dZ.values[row * where[1].o + +column] : 0);
  const made = lines.map((line, n) => stage("dZ", done[n], line, at));
  return [...made, ...slid(arrays, where)];
}

const isIndex = (...names) => names.every((name) => /^\d+$/.test(name));

function stage(name, done, [rows, columns], at) {
  return { name, done, rows, columns, values: rows.map((r) => columns.map((c) => at(r, c))) };
}

// Zeros between neighbours: the index of each row, or "gap".
function spreadLine(axis) {
  const size = (axis.o - 1) * axis.s + 1;
  return [...Array(size).keys()].map((row) => (row % axis.s ? "gap" : String(row / axis.s)));
}

// The gradient of the padded map, as if its padding were cells of Y; then without the padding.
function slid(arrays, where) {
  const whole = where.map(({ n, f, s, d, before, after }) =>
    makeAxis(n + before + after, f, s, d, [0, 0]),
  );
  const size = whole.map((axis) => axis.n);
  const trace = new Trace("input", whole, arrays, [...size, 1]);
  const values = [...Array(size[0]).keys()].map((r) =>
    [...Array(size[1]).keys()].map((c) => trace.resultValue([r, c, 0])),
  );
  const lines = where.map(({ n, before, after }) => [
    ...Array(before).fill("pad"),
    ...[...Array(n).keys()].map(String),
    ...Array(after).fill("pad"),
  ]);
  const slide = "correlated with the flipped filter, cell by cell";
  const inside = lines.map((line) => line.filter((name) => name !== "pad"));
  const [top, left] = where.map((axis) => axis.before);
  const name = where.some((axis) => axis.before + axis.after) ? "dYp" : "dY";
  return [
    { name, done: slide, rows: lines[0], columns: lines[1], values },
    stage("dY", "the padding cut off", inside, (r, c) => values[+r + top][+c + left]),
  ];
}

// Each stage in Python, with the helpers of cnnlib.shapes.
function linesOf(where, whole) {
  const pair = (of) => pythonText(where.map(of));
  const dilated = where.some(({ d }) => d > 1) ? `, dilation=${pair(({ d }) => d)}` : "";
  return [
    "M = dZ",
    `M = spread(M, ${pair(({ s }) => s)})`,
    `M = zero_pad(M, ${pair(({ rest }) => [0, rest])})`,
    `M = zero_pad(M, ${pair(({ extent }) => [extent - 1, extent - 1])})`,
    `${whole} = conv_forward(M, flip(W)${dilated})`,
    `dY = crop(${whole}, ${pair(({ before, after }) => [before, after])})`,
  ];
}

// The stages as steps that one goes through.
export function stageTrace(problem) {
  const made = stages(problem);
  const { arrays, where } = problem;
  const shapes = { dZ: arrays.dZ.shape, W: arrays.W.shape, dY: [where[0].n, where[1].n, 1] };
  const lines = linesOf(where, made.at(-2).name);
  const step = (number) => {
    const about = { number, target: null, source: null, bias: null, start: 0, value: 0, terms: [] };
    return { ...about, stage: { ...made[number], python: lines[number] } };
  };
  const place = (text) => stagePlace(text, made.length);
  const common = { kind: "stages", left: "dZ", right: "W", result: "dY", channels: [1, 1] };
  return { ...common, length: made.length, arrays, where, shapes, step, place };
}
