// The same step in Python: a line for each product.

import { flag, make, write } from "./dom.js";

export function makeCode(scene, choose) {
  const node = make("ol.cs-lines", { "aria-label": "The same in Python", tabindex: 0 });
  const python = (cell) => scene.name(cell).replace("(", "[").replace(")", "]");
  let lines = [];
  node.addEventListener("click", (event) => {
    const line = lines.indexOf(event.target.closest("li"));
    if (line > 0) choose(line - 1);
  });

  function show({ step, now, asked }) {
    if (asked.names || asked.secret) return node.replaceChildren();
    const texts = textsOf(step, python);
    while (lines.length < texts.length) lines.push(make("li", make("code")));
    node.replaceChildren(...lines.slice(0, texts.length));
    texts.forEach((text, at) => {
      write(lines[at].firstChild, text);
      flag(lines[at], "data-marked-line", at === now + 1 && step.terms.length > 0);
    });
  }
  return { node, show };
}

function textsOf(step, python) {
  if (step.stage) return [`# ${step.stage.done}`, step.stage.python];
  const start = step.bias ? python(step.bias) : "0";
  const first = step.source
    ? `# ${python(step.source)} gives`
    : `${python(step.target)} = ${start}`;
  const product = ({ left, right }) =>
    step.window ? python(left) : `${python(left)} * ${python(right)}`; // a max pool only passes on
  return [first, ...step.terms.map((term) => `${python(term.target)} += ${product(term)}`)];
}
