// Problems as text that one can type, paste and send; share.py reads and writes the same.

import { fail, pythonText, readGeometry } from "./geometry.js";
import { ROUND, exactly } from "./number.js";
import { cellCount } from "./trace.js";

const NUMBER = /^(?:[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:e[-+]?\d{1,3})?|nan|[-+]?inf)$/i;
const MAX_TEXT = 200_000;

// --- what one types --------------------------------------------------------------------------

// Rows of numbers, a line for each, with an empty line between two maps.
function rowsFromText(name, text) {
  checkLength(name, text);
  if (!text.trim()) fail(`${name} is empty: type rows of numbers, such as 1 2 3`);
  const lines = text.replace(/^[\r\n ]+|[\r\n ]+$/g, "").replace(/\r\n?/g, "\n");
  const planes = lines
    .split(/\n\s*\n/)
    .map((block) => block.split("\n").map((row, n) => typedRow(name, n + 1, row)));
  const lengths = planes.map((plane) => plane.map((row) => row.length));
  const [height, width] = [planes[0].length, planes[0][0].length];
  if (!lengths.every((plane) => plane.length === height && plane.every((n) => n === width)))
    fail(
      `the rows of ${name} have ${lengths.flat().join(", ")} numbers: all rows need the same ` +
        `length, and all maps the same number of rows`,
    );
  const values = planes[0].flatMap((row, r) =>
    row.flatMap((_, c) => planes.map((plane) => plane[r][c])),
  );
  return { shape: [height, width, planes.length], dtype: "float64", values };
}

export function rowsToText({ shape, values }) {
  const [height, width] = shape.length > 1 ? shape : [1, shape[0]];
  const maps = cellCount(shape.length > 1 ? shape.slice(2) : []);
  const range = (size) => [...Array(size).keys()];
  const row = (r, m) =>
    range(width).map((c) => exactly(values[(r * width + c) * maps + m], "float64"));
  const plane = (m) =>
    range(height)
      .map((r) => row(r, m).join(" "))
      .join("\n");
  return range(maps).map(plane).join("\n\n");
}

// The fields of a stepper: rows of numbers by name, and a size. An empty b or dY: there is none.
export function arraysFromText(typed) {
  const read = {};
  for (const [name, text] of Object.entries(typed)) {
    if (name.includes("size")) read[name] = readGeometry(text);
    else if (["b", "dY"].includes(name) && !text.trim()) read[name] = null;
    else read[name] = rowsFromText(name, text);
  }
  if (read.b) read.b.shape = [read.b.values.length];
  if (read.W) read.W.shape = inPairs(read.W.shape, read.Y, read.dZ);
  return read;
}

// The maps of Y, or of dZ, tell how the planes of W are meant.
function inPairs([height, width, planes], Y, dZ) {
  const given = (Y ?? dZ).shape[2];
  if (planes % given)
    fail(
      `W has ${planes} maps, which is not a multiple of the ${given} of the other array: ` +
        `W needs one for each pair of an input map and a filter`,
    );
  return Y ? [height, width, given, planes / given] : [height, width, planes / given, given];
}

export function readNumber(name, text) {
  const plain = text.trim().replaceAll("\u2212", "-").replaceAll(",", ".");
  if (!NUMBER.test(plain) || !Number.isFinite(numberOf(plain)))
    fail(`${name} must be a number; got ${cut(text)}`);
  return numberOf(plain);
}

// --- codes -----------------------------------------------------------------------------------

export function toCode({ kind, arrays, geometry, extras, dY }) {
  const [{ dtype }] = Object.values(arrays);
  const sized = { ...arrays };
  if (dY) sized.dY = dY;
  if (extras.amount !== undefined) sized.nudge = { shape: [1], values: [extras.amount] };
  const parts = [kind, dtype];
  for (const [name, { shape, values }] of Object.entries(sized)) {
    const numbers = Array.from(values, (value) => exactly(value, dtype));
    parts.push(`${name}=${shape.join("x")}:${numbers}`);
  }
  for (const [name, pair] of Object.entries(geometry))
    parts.push(`${name}=${pair.flat().join("x")}`);
  if (extras.activation) parts.push(`activation=${extras.activation}`);
  return parts.join(";");
}

// The parts of a code: {kind, arrays, geometry}, each of them by name.
export function partsOf(code) {
  checkLength("the code", code);
  const [kind, dtype, ...parts] = code.replace(/\s+/g, "").split(";");
  if (!Object.hasOwn(ROUND, dtype))
    fail(
      `this is not the code of a problem: ${cut(code)}; a code starts like input;float64;dZ=...`,
    );
  const found = { kind, arrays: Object.create(null), geometry: Object.create(null) };
  for (const part of parts.filter(Boolean)) {
    const [name, value] = readPart(part, dtype);
    if (name in found.arrays || name in found.geometry) throw broken(part);
    (value.shape ? found.arrays : found.geometry)[name] = value;
  }
  return found;
}

const broken = (part) => new Error(`the code is broken at ${cut(part)}: copy it again, all of it`);

function readPart(part, dtype) {
  const word = /^(activation)=([a-z_]{1,20})$/.exec(part);
  if (word) return word.slice(1);
  const found = /^(\w{1,20})=(\d{1,5}(?:x\d{1,5}){0,3})(?::(.*))?$/.exec(part);
  if (!found) throw broken(part);
  const [, name, size, text] = found;
  const shape = size.split("x").map(Number);
  if (text === undefined) return [name, shape];
  const numbers = row(name, 1, text);
  if (numbers.length !== cellCount(shape))
    fail(
      `the code is broken: ${name} is ${size} and has ${numbers.length} numbers; ` +
        `copy it again, all of it`,
    );
  return [name, { shape, dtype, values: Float64Array.from(numbers, ROUND[dtype]) }];
}

// --- numbers ---------------------------------------------------------------------------------

// A row that a person typed, or a spreadsheet gave: tabs part its cells.
function typedRow(name, line, text) {
  const cells = text.split("\t");
  if (cells.length > 1 && !cells.every((cell) => cell.trim()))
    fail(`${name}, row ${line} has an empty cell: write 0 where there is nothing`);
  if (/\d,\d/.test(text) && /[\s;]/.test(text.trim()))
    // 0,5 1,5: two or four?
    fail(
      `${name}, row ${line} has commas between digits and other gaps too: write 0.5 with a point, ` +
        `and separate numbers by spaces`,
    );
  return row(name, line, text.replaceAll("\u2212", "-"));
}

function row(name, line, text) {
  const words = text.split(/[\s,;]+/).filter(Boolean);
  const bad = words.find((word) => !NUMBER.test(word));
  if (bad !== undefined)
    fail(`${name}, row ${line}: ${cut(bad)} is not a number; write numbers such as -2 or 0.5`);
  return words.map(numberOf);
}

function numberOf(word) {
  const size = word.replace(/^[-+]/, "").toLowerCase();
  const value = { nan: NaN, inf: Infinity }[size] ?? Number(size);
  return word.startsWith("-") ? -value : value;
}

const cut = (text) => pythonText(text.length <= 30 ? text : `${text.slice(0, 27)}...`);

function checkLength(name, text) {
  if (text.length > MAX_TEXT)
    fail(
      `${name} has ${text.length} characters; no problem that one can read has over ${MAX_TEXT}`,
    );
}
