// Where the two numbers meet: their product, the sum that it joins, and why they meet.

import { div, flag, make, minus, write } from "./dom.js";
import { relation } from "./lay.js";
import { factor, shown } from "./number.js";

export function makeMeeting(scene) {
  const { trace } = scene;
  const pill = () => {
    const name = make("span", { class: "cs-of" });
    const value = make("b", { class: "cs-pill" });
    return { name, value, node: make("span", { class: "cs-factor" }, name, value) };
  };
  const [left, right] = [pill(), pill()];
  const product = make("b");
  const equation = div(
    "cs-equation",
    left.node,
    "\u00b7",
    right.node,
    make("span", {}, "= ", product),
  );
  const before = make("span");
  const sum = make("b", { class: "cs-pill", "data-c": "t" });
  const added = div("cs-added", before, sum);
  const [rows, columns] = [make("b"), make("b")];
  const why = div(
    "cs-why",
    make("span", {}, "rows ", rows),
    " ",
    make("span", {}, "columns ", columns),
  );
  const nothing = make("p", { class: "cs-nothing" });
  const parts = div("cs-parts", equation, added, why);
  const node = make("div", { class: "cs-meet", "aria-hidden": "true" }, parts, nothing);
  node.style.setProperty("--digits", longest(trace));

  // Without a term there is nothing to show, or a question stands here.
  function show(step, term) {
    parts.hidden = !term;
    nothing.hidden = Boolean(term);
    write(nothing, step.terms.length ? "" : emptyText(scene, step));
    if (!term) {
      // what is hidden must not tell it either
      for (const node of [
        left.name,
        left.value,
        right.name,
        right.value,
        product,
        before,
        sum,
        rows,
        columns,
      ])
        write(node, "");
      return;
    }
    for (const [side, cell] of [
      [left, term.left],
      [right, term.right],
    ]) {
      write(side.name, scene.name(cell));
      write(side.value, minus(shown(cell.value)));
      flag(side.node, "data-c", scene.color(cell.array));
    }
    write(product, minus(shown(term.value)));
    write(before, minus(`${shown(sumBefore(scene, step, term))} + ${factor(term.value)} = `));
    write(sum, minus(shown(term.sum)));
    const told = relation(scene.where, [term.left, term.right, term.target]);
    write(rows, told[0]);
    write(columns, told[1]);
  }
  return {
    node,
    show,
    left: left.value,
    right: right.value,
    leftName: left.name,
    rightName: right.name,
    sum,
  };
}

function longest(trace) {
  const texts = [trace.left, trace.right].flatMap((name) =>
    [...trace.arrays[name].values].map((x) => shown(x).length),
  );
  return Math.min(
    12,
    texts.reduce((most, length) => Math.max(most, length), 2),
  );
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
