// Numbers as NumPy has them: read from bytes, rounded to their precision, and written out.

const BYTES = { float16: 2, float32: 4, float64: 8 };

// How a result is rounded in each precision; JavaScript itself calculates in float64.
export const ROUND = { float16: half, float32: Math.fround, float64: (value) => value };

// The float16 that is nearest to a number; of two that are as near, the even one.
export function half(value) {
  if (!Number.isFinite(value) || value === 0) return value;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  const unit = 2 ** (exponent - 10);
  const rounded = Math.abs(value) / unit + 2 ** 52 - 2 ** 52; // whole, ties to even
  const size = rounded * unit > 65504 ? Infinity : rounded * unit;
  return value < 0 ? -size : size;
}

function fromHalfBits(bits) {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

// The numbers of an array that travelled as bytes, lowest byte first.
export function decoded(view, dtype) {
  const read = {
    float16: (at) => fromHalfBits(view.getUint16(at, true)),
    float32: (at) => view.getFloat32(at, true),
    float64: (at) => view.getFloat64(at, true),
  }[dtype];
  const size = BYTES[dtype];
  return Float64Array.from({ length: view.byteLength / size }, (_, n) => read(n * size));
}

export function bytesOf(base64) {
  const text = atob(base64);
  return new DataView(Uint8Array.from(text, (one) => one.charCodeAt(0)).buffer);
}

// Text of a number, as trace.number(value, bare=True) writes it: whole numbers in full, others with
// six digits.
export function shown(value) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return withSixDigits(value);
}

// The same in a product, where a number below 0 stands in parentheses.
export function factor(value) {
  const text = shown(value);
  return text.startsWith("-") ? `(${text})` : text;
}

// As Python's format(value, ".6g"), which rounds a tie to the even digit.
function withSixDigits(value) {
  const size = Math.abs(value);
  const whole = size.toExponential(60); // as good as exact
  const isTieToEven = /^\d\.\d{4}[02468]50*e/.test(whole);
  const [digits, power] = isTieToEven
    ? [whole.slice(0, 7), whole.split("e")[1]]
    : size.toExponential(5).split("e");
  return (value < 0 ? "-" : "") + positional(digits.replace(".", ""), Number(power), -4, 6);
}

// Digits with a decimal point, or with a power of ten from `most` on and below `least`.
function positional(digits, power, least, most) {
  const kept = digits.replace(/0+$/, "") || "0";
  if (power < least || power >= most) {
    const exponent = `${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
    return `${kept[0]}${kept.length > 1 ? `.${kept.slice(1)}` : ""}e${exponent}`;
  }
  if (power < 0) return `0.${"0".repeat(-power - 1)}${kept}`;
  const padded = kept.padEnd(power + 1, "0");
  const rest = padded.slice(power + 1);
  return padded.slice(0, power + 1) + (rest ? `.${rest}` : "");
}

// The shortest text that comes back as the same number, as NumPy writes it, without ".0".
export function exactly(value, dtype) {
  if (!Number.isFinite(value)) return shown(value);
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const size = Math.abs(value);
  let text = size.toExponential();
  for (let digits = 0; dtype !== "float64"; digits += 1) {
    text = size.toExponential(digits);
    if (ROUND[dtype](Number(text)) === size) break;
  }
  const [digits, power] = text.split("e");
  return (value < 0 ? "-" : "") + positional(digits.replace(".", ""), Number(power), -4, 16);
}
