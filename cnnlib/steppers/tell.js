// One remark for each kind: what its picture shows. {k W} is W in the colour of the card.

import { phrase } from "./dom.js";

const ONE = {
  input:
    "The cut corner is {k W(0, 0)}. It lies turned: {i #i + #u} and {i #j + #v} never change, " +
    "so as one goes up, the other goes down.",
  forward: "The cut corner is {k W(0, 0)}. Nothing is turned: both indices go up together.",
  filter:
    "The cut corner is {k dZ(0, 0)}. Nothing is turned: {i r \u2212 #i} and {i c \u2212 #j} " +
    "never change, so both go up together.",
  scatter:
    "One cell of {b dZ} gives itself times {k W}, as it is stored: nothing is turned. " +
    "Where windows overlap, what they give adds up.",
  influence:
    "One cell of {b Y} is in several windows. In each it meets another weight of {k W}: as " +
    "the window moves on, the weight goes back.",
};
const SEVERAL = {
  input:
    "A cell of {t dY} collects from {i every} map of dZ: k is summed, k_in stays. Each " +
    "pair of maps has its own plane of {k W}.",
  forward:
    "A cell of {t Z} collects from {i every} map of Y: k_in is summed, k stays. Each pair " +
    "of maps has its own plane of {k W}.",
  scatter: "A cell of {b dZ} gives to {i every} map of dY, through its own plane of {k W}.",
  influence: "A cell of {b Y} gives to {i every} map of Z, through its own plane of {k W}.",
};

export function remark(text) {
  const parts = text.split(/\{(\w) ([^}]*)\}/);
  return phrase(
    parts.flatMap((part, n) => (n % 3 ? (n % 3 === 1 ? [[part, parts[n + 1]]] : []) : [part])),
  );
}

// #i, #u, #j and #v are the indices as the relation joins them, with stride and dilation.
export function tellOf({ trace, where }, several = false) {
  let text = (several ? SEVERAL : ONE)[trace.kind] ?? "";
  where.forEach(({ s, d }, axis) => {
    text = text.replace(["#i", "#j"][axis], `${"ij"[axis]}${s > 1 ? `\u00b7${s}` : ""}`);
    text = text.replace(["#u", "#v"][axis], `${"uv"[axis]}${d > 1 ? `\u00b7${d}` : ""}`);
  });
  return remark(text);
}
