// Where the two numbers meet: their product, the sum that it joins, and why they meet.

import { div, make, minus, write } from "./dom.js";
import { relation } from "./lay.js";
import { factor, shown } from "./number.js";

export function makeMeeting(scene) {
  const parts = {}; // all that tells something of a term
  const part = (name, what, attributes = {}) => (parts[name] = make(what, attributes));
  const factorOf = (side, array) => {
    const color = { "data-c": scene.color(array) };
    const name = part(`${side}Name`, "span.cs-of");
    return make("span.cs-factor", color, name, part(side, "b.cs-pill"));
  };
  const [left, right] = ["left", "right"].map((side) => factorOf(side, scene.trace[side]));
  const sum = part("sum", "b.cs-pill", { "data-c": "t" });
  const told = div(
    "cs-parts",
    div("cs-equation", left, "\u00b7", right, make("span", "= ", part("product", "b"))),
    div("cs-added", part("before", "span"), sum),
    div(
      "cs-why",
      make("span", "rows ", part("rows", "b")),
      " ",
      make("span", "columns ", part("columns", "b")),
    ),
  );
  const nothing = make("p.cs-nothing");
  const node = make("div.cs-meet", { "aria-hidden": "true" }, told, nothing);
  node.style.setProperty("--digits", longest(scene.trace));

  // Without a term there is nothing to show, or a question stands here, which nothing may answer.
  function show(step, term) {
    const texts = term ? meetingOf(scene, step, term) : {};
    for (const [name, node] of Object.entries(parts)) write(node, minus(texts[name] ?? ""));
    told.hidden = !term;
    nothing.hidden = Boolean(term);
    write(nothing, step.terms.length ? "" : emptyText(scene, step));
  }
  return { node, show, ...parts };
}

function meetingOf(scene, step, term) {
  const { left, right, target, value, sum } = term;
  const [rows, columns] = relation(scene.where, [left, right, target]);
  return {
    leftName: scene.name(left),
    left: shown(left.value),
    rightName: scene.name(right),
    right: shown(right.value),
    product: shown(value),
    before: `${shown(sumBefore(scene, step, term))} + ${factor(value)} = `,
    sum: shown(sum),
    rows,
    columns,
  };
}

function longest(trace) {
  const values = [trace.left, trace.right].flatMap((name) => [...trace.arrays[name].values]);
  const most = values.reduce((length, value) => Math.max(length, shown(value).length), 2);
  return Math.min(12, most);
}

function sumBefore({ trace }, step, term) {
  if (step.source) return trace.valueBefore(term.target.index, step.number);
  const at = step.terms.indexOf(term);
  return at ? step.terms[at - 1].sum : step.start;
}

export function emptyText(scene, step) {
  if (step.source) return `${scene.name(step.source)} gives nothing: no window reaches it.`;
  if (step.bias) return `No product reaches ${scene.name(step.target)}: only its bias.`;
  return `No product reaches ${scene.name(step.target)}: it is 0.`;
}
