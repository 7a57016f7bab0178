// Sizes, stride, padding and dilation: as they are typed, checked with Python's words, written out.

// One axis of a convolution: n cells of Y, f of the filter, o of Z; see shapes.Axis.
export function makeAxis(n, f, s, d, [before, after]) {
  const extent = d * (f - 1) + 1;
  const room = n + before + after - extent;
  const rest = ((room % s) + s) % s;
  return { n, f, s, d, before, after, extent, o: Math.floor(room / s) + 1, rest };
}

// The rows and the columns of a convolution; throws where the filter does not fit.
export function geometry(inputSize, filterSize, { stride, padding, dilation }) {
  const n = sizePair(inputSize, "input_size", "(n_h, n_w)", 0);
  const f = sizePair(filterSize, "filter_size", "(f_h, f_w)", 1);
  const [s, d] = [stepPair(stride, "stride"), stepPair(dilation, "dilation")];
  const sides = paddingSides(padding, n, f, s, d);
  const where = [0, 1].map((axis) => makeAxis(n[axis], f[axis], s[axis], d[axis], sides[axis]));
  if (where.some((axis) => axis.o < 1)) refuseFilter(where);
  return where;
}

// The windows of a max pool.
export function poolGeometry(inputSize, { size, stride }) {
  const window = stepPair(size, "size");
  const step = stride === null ? window : stepPair(stride, "stride");
  if (window.some((cells, axis) => cells > inputSize[axis]))
    fail(
      `the window does not fit: it is ${by(window)}, Y is ${by(inputSize)}; take a smaller size`,
    );
  return geometry(inputSize, window, { stride: step, padding: 0, dilation: 1 });
}

function stepPair(value, name) {
  const rule = "a whole number of at least 1, or a pair (height, width) of them";
  return wholePair(value, 1) ?? refuse(name, rule, value);
}

function sizePair(value, name, form, least) {
  const pair = Array.isArray(value) && wholePair(value, least);
  return pair || refuse(name, `a pair ${form} of whole numbers of at least ${least}`, value);
}

function paddingSides(padding, n, f, s, d) {
  if (padding === "valid") return paddingSides(0, n, f, s, d);
  if (padding === "same") return [0, 1].map((axis) => same(n[axis], f[axis], s[axis], d[axis]));
  const pair = wholePair(padding, 0);
  if (pair) return pair.map((cells) => [cells, cells]);
  const sides = isPair(padding) && padding.map((side) => isPair(side) && wholePair(side, 0));
  if (sides && sides.every(Boolean)) return sides;
  const rule =
    "a whole number of at least 0, a pair (height, width), or ((top, bottom), (left, right))" +
    ', "same" or "valid"';
  return refuse("padding", rule, padding);
}

function same(n, f, s, d) {
  const total = Math.max((Math.ceil(n / s) - 1) * s + d * (f - 1) + 1 - n, 0);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

const isPair = (value) => Array.isArray(value) && value.length === 2;

function wholePair(value, least) {
  const pair = isPair(value) ? value : [value, value];
  return pair.every((one) => Number.isInteger(one) && one >= least) ? pair : null;
}

export function fail(text) {
  throw new Error(text);
}

// A letter of both axes, such as their strides.
export const pairOf = (where, letter) => where.map((axis) => axis[letter]);

function refuse(name, rule, value) {
  fail(`${name} must be ${rule}; got ${pythonText(value)}`);
}

function refuseFilter(where) {
  const padded = where.map((axis) => axis.n + axis.before + axis.after);
  const needed = Math.max(...where.map((axis) => Math.ceil((axis.extent - axis.n) / 2)));
  const dilation = pairOf(where, "d");
  const dilated = dilation.some((d) => d !== 1);
  const extent = dilated ? `, ${by(pairOf(where, "extent"))} with dilation ${one(dilation)}` : "";
  fail(
    `the filter does not fit: W is ${by(pairOf(where, "f"))}${extent}, ` +
      `Y with its padding is ${by(padded)}; take a padding of at least ${needed}, or a smaller filter`,
  );
}

// dZ has the size of the output.
export function checkOutput(dZ, where) {
  const size = pairOf(where, "o");
  if (size[0] === dZ.shape[0] && size[1] === dZ.shape[1]) return;
  const padding = paddingText(where.map((axis) => [axis.before, axis.after]));
  const dilated = where.some((axis) => axis.d !== 1);
  const how = dilated
    ? `stride ${one(pairOf(where, "s"))}, padding ${padding} and dilation ${one(pairOf(where, "d"))}`
    : `stride ${one(pairOf(where, "s"))} and padding ${padding}`;
  const names = dilated ? "stride, padding and dilation" : "stride and padding";
  fail(
    `dZ is ${by(dZ.shape.slice(0, 2))}, but a ${by(pairOf(where, "n"))} input, a ${by(pairOf(where, "f"))} filter, ` +
      `${how} give a ${by(size)} output; pass the ${names} of the forward pass`,
  );
}

// --- words --------------------------------------------------------------------------------

export const by = (size) => size.join(" x ");
export const one = ([first, second]) => String(first === second ? first : `(${first}, ${second})`);

function paddingText(sides) {
  const even = sides.every(([before, after]) => before === after);
  return even ? one(sides.map(([before]) => before)) : pythonText(sides);
}

// A value as Python's repr writes it, in at most 60 characters.
export function pythonText(value) {
  const text = repr(value).replace(/\s+/g, " ").trim();
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function repr(value) {
  if (Array.isArray(value))
    return value.length === 1 ? `(${repr(value[0])},)` : `(${value.map(repr).join(", ")})`;
  if (typeof value !== "string") return String(value);
  const escaped = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  if (value.includes("'") && !value.includes('"')) return `"${escaped}"`;
  return `'${escaped.replaceAll("'", "\\'")}'`;
}

// --- what is typed ------------------------------------------------------------------------

// Read a stride, a padding or a size as one types it; anything else stays text, to be refused.
export function readGeometry(typed) {
  if (typeof typed !== "string") return typed;
  const text = typed.trim();
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  const pair = "\\(?\\s*(-?\\d{1,9})\\s*[,;\\s]\\s*(-?\\d{1,9})\\s*\\)?";
  const found =
    RegExp(`^${pair}$`).exec(text) ??
    RegExp(`^\\(?\\s*${pair}\\s*[,;]?\\s*${pair}\\s*\\)?$`).exec(text);
  if (!found) return text.toLowerCase();
  const numbers = found.slice(1).map(Number);
  return numbers.length === 2 ? numbers : [numbers.slice(0, 2), numbers.slice(2)];
}

// Write it as one can type it: "2", "2, 1", "(0, 1), (2, 3)" or "same".
export function writeGeometry(given, sides) {
  if (typeof given === "string") return given;
  const isEven = (pair) => pair[0] === pair[1];
  if (!Array.isArray(sides[0])) return isEven(sides) ? String(sides[0]) : sides.join(", ");
  if (!sides.every(isEven)) return sides.map((side) => pythonText(side)).join(", ");
  return writeGeometry(
    null,
    sides.map(([before]) => before),
  );
}
