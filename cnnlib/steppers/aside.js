// What some steppers show beside a step: a nudge, an activation, the matrix of the layer.

import { ROUND, factor, shown } from "./number.js";

// What each cell of Z, and the loss, gain when the weight of a step grows; see panels.nudge.
export function nudged({ extras: { amount } }, step) {
  const [weight, loss] = [step.trace.name(step.target).slice(1), amount * step.value];
  const met = new Map(step.terms.map(({ left, right }) => [left.index.slice(0, 2).join(), right]));
  const gain = (i, j) => amount * (met.get([i, j].join())?.value ?? 0);
  const sentence =
    `Raise ${weight} by ${shown(amount)}: each cell of Z gains ${shown(amount)} times the cell ` +
    `of Y under the weight; the loss gains about ` +
    `${factor(amount)}·${factor(step.value)} = ${shown(loss)}.`;
  return { gain, sentence };
}

const LEAK = 0.01;
const sigmoid = (z) => {
  const small = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : small) / (1 + small);
};
const FUNCTIONS = {
  relu: { forward: (z) => Math.max(z, 0), slope: (z) => (z > 0 ? 1 : 0) },
  leaky_relu: { forward: (z) => (z > 0 ? z : LEAK * z), slope: (z) => (z > 0 ? 1 : LEAK) },
  sigmoid: { forward: sigmoid, slope: (z) => sigmoid(z) * sigmoid(-z) },
  tanh: { forward: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
};

// The activation of each cell of Z, and what comes back through it; see panels.activation.
export function activated({ trace, extras: { activation }, dY, dtype }, step) {
  const { forward, slope } = FUNCTIONS[activation];
  const round = ROUND[dtype];
  const at = (index) => {
    const z = trace.resultValue(index);
    const [i, j, k] = index;
    const arrived = dY ? dY.values[(i * dY.shape[1] + j) * dY.shape[2] + k] : null;
    const here = round(Number.isNaN(z) ? z : slope(z));
    const back = dY && (here === 0 ? 0 : round(arrived * here));
    return { z, y: round(forward(z)), slope: here, arrived, back };
  };
  const here = at(step.target.index);
  const place = trace.name(step.target).slice(1);
  let sentence = `Y_out${place} = ${activation}(${shown(here.z)}) = ${shown(here.y)}; `;
  sentence += `slope here ${shown(here.slope)}`;
  if (dY)
    sentence +=
      `; so dZ${place} = dY_out${place} f'(Z${place}) = ` +
      `${factor(here.arrived)}·${factor(here.slope)} = ${shown(here.back)}`;
  return { at, sentence: `${sentence}.` };
}

// The index of the weight that joins a cell of Z and one of Y in the matrix of the layer, or null.
export function joining({ where }, z, y) {
  const found = where.map(({ f, s, d, before }, axis) => {
    const u = (y[axis] + before - z[axis] * s) / d;
    return Number.isInteger(u) && u >= 0 && u < f ? u : null;
  });
  return found.includes(null) ? null : [...found, 0, 0];
}
