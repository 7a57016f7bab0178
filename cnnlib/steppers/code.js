// The same step in Python: a line for each product.

import { make } from "./dom.js";

export function makeCode(scene, choose) {
  const node = make("ol.cs-lines", { "aria-label": "The same in Python", tabindex: 0 });
  const python = (cell) => scene.name(cell).replace("(", "[").replace(")", "]");
  node.addEventListener("click", (event) => {
    const line = [...node.children].indexOf(event.target.closest("li"));
    if (line > 0) choose(line - 1);
  });

  function show({ step, now, asked }) {
    const texts = asked.names || asked.secret ? [] : textsOf(step, python);
    const lines = texts.map((text, at) => {
      const marked = at === now + 1 && step.terms.length > 0;
      return make("li", { "data-marked-line": marked }, make("code", text));
    });
    node.replaceChildren(...lines);
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
