// Set up: geometry, which maps, the nudge, the activation, own numbers, the code, speed and keys.

import { div, flag, focusOn, make, makeButton, makeChoice, makeField, seq } from "./dom.js";
import { writeGeometry } from "./geometry.js";
import { SPEEDS } from "./moves.js";
import { ACTIVATIONS, KINDS } from "./problem.js";
import { rowsToText } from "./share.js";

const KEYS =
  "\u2190 \u2192:move|\u2191 \u2193:term|1\u20269:that term|Home End:ends|Space:play|P:predict|" +
  "Enter:check|T:turn|C:code|G:go to|S:set up|F:present|Esc:leave";

export function makeSetup(scene, tools) {
  const more = { class: "cs-setup", hidden: true, role: "group", "aria-label": "Set up" };
  const node = make("div", more);

  function build() {
    const geometry = [...geometryFields(scene, tools), ...mapFields(scene, tools)];
    const speeds = Object.keys(SPEEDS).map((name) => [name, name]);
    const choice = makeChoice("speed", "speed", speeds, tools.speed(), tools.setSpeed);
    const numbers = section("Your numbers", ...numberFields(scene.problem, tools));
    const pace = section("Speed of play", choice.node);
    node.replaceChildren(section("Geometry", ...geometry), numbers, pace, keysLine());
  }

  function toggle() {
    if (node.hidden) build();
    const leaves = node.contains(document.activeElement);
    node.hidden = !node.hidden;
    tools.draw({ quiet: true });
    if (!node.hidden) focusOn(node.querySelector("input"));
    else if (leaves) focusOn(tools.root);
  }
  return { node, toggle, open: () => !node.hidden };
}

function section(title, ...parts) {
  return make("section", make("h2", title), div("cs-fields", ...parts));
}

function field(label, input) {
  return make("label.cs-field", make("span", label), input);
}

function select(label, options, chosen, use) {
  const all = options.map((value) => make("option", { value, text: String(value) }));
  const node = make("select", ...all);
  node.value = chosen;
  node.addEventListener("change", () => use(node.value));
  return field(label, node);
}

function action(shape, text, use) {
  const node = makeButton("cs-quiet", shape, text);
  node.addEventListener("click", use);
  return node;
}

// Fields that count once they are left or Enter is pressed; the problem is then another one.
function geometryFields({ problem }, { host, rebuilt }) {
  const { kind, how, geometry, extras } = problem;
  const change = (name) => (text) => rebuilt(() => host.change({ [name]: text }));
  const typed = (label, name, value) => {
    const input = makeField("", { value });
    const use = change(name);
    input.addEventListener("change", () => flag(input, "aria-invalid", !use(input.value)));
    return field(label, input);
  };
  const fields = KINDS[kind].how.map((name) =>
    typed(name, name, writeGeometry(how[name], geometry[name])),
  );
  if (kind === "nudge") fields.push(typed("nudge", "amount", String(extras.amount)));
  if (kind === "activation")
    fields.push(select("activation", ACTIVATIONS, extras.activation, change("activation")));
  return fields;
}

// Go to a map of what is walked through, where there are several.
function mapFields({ trace }, stepper) {
  const shape = trace.shapes[trace.subject] ?? [];
  const names = { Y: ["k_in"], Z: ["k"], W: ["k_in", "k"] }[trace.subject?.at(-1)] ?? [];
  const index = () => (stepper.step.target ?? stepper.step.source).index;
  return names.flatMap((name, at) => {
    const axis = at + 2;
    if (shape[axis] < 2) return [];
    const use = (map) => stepper.go(trace.position(index().with(axis, Number(map))));
    return [select(name, seq(shape[axis]), index()[axis], use)];
  });
}

function numberFields(problem, { host, rebuilt, say }) {
  const { arrays, kind, geometry } = problem;
  const typed = kind === "activation" ? { ...arrays, dY: problem.dY } : arrays;
  const areas = Object.entries(typed).map(([name, array]) => {
    const area = make("textarea", { spellcheck: "false", rows: name === "b" ? 1 : 5, name });
    if (array) area.value = name === "b" ? [...array.values].join(" ") : rowsToText(array);
    return area;
  });
  const { size } = KINDS[kind];
  if (size) areas.push(makeField("", { name: size, value: geometry[size].join(", ") }));
  const values = () => Object.fromEntries(areas.map((area) => [area.name, area.value]));
  const use = action("check", "Use", () => rebuilt(() => host.use(values())));
  const code = makeField("cs-codefield", { value: host.code });
  code.addEventListener("focus", () => code.select());
  code.addEventListener("change", () => rebuilt(() => host.useCode(code.value)));

  async function copy(text, word) {
    try {
      await navigator.clipboard.writeText(text);
      say(`The ${word} is copied.`);
    } catch {
      code.focus();
      say("The browser does not allow this to be copied; the code is marked, copy it by key.");
    }
  }
  const copies = [action("copy", "Copy code", () => copy(host.code, "code"))];
  if (host.link) copies.push(action("copy", "Copy link", () => copy(host.link, "link")));
  const fields = areas.map((area) => field(area.name.replace("_", " "), area));
  return [...fields, use, div("cs-fields", field("code", code), ...copies)];
}

function keysLine() {
  const parts = KEYS.split("|").flatMap((line) => {
    const [keys, what] = line.split(":");
    return [...keys.split(" ").map((key) => make("kbd", key)), ` ${what}  `];
  });
  return make("p.cs-keys", make("b", "Keys"), " ", ...parts);
}
