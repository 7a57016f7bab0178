// Set up: geometry, which maps, the nudge, the activation, own numbers, the code, speed and keys.

import { makeChoice } from "./bar.js";
import { div, flag, icon, make } from "./dom.js";
import { writeGeometry } from "./geometry.js";
import { ACTIVATIONS } from "./problem.js";
import { rowsToText } from "./share.js";

const KEYS = [
  [["\u2190", "\u2192"], "move"],
  [["\u2191", "\u2193"], "term"],
  [["1\u20269"], "that term"],
  [["Home", "End"], "ends"],
  [["Space"], "play"],
  [["P"], "predict"],
  [["Enter"], "check"],
  [["T"], "turn"],
  [["C"], "code"],
  [["G"], "go to"],
  [["S"], "set up"],
  [["F"], "present"],
  [["Esc"], "leave"],
];

function field(label, input) {
  return make("label", { class: "cs-field" }, make("span", { text: label }), input);
}

function section(title, ...parts) {
  return make("section", {}, make("h2", { text: title }), div("cs-fields", ...parts));
}

function action(name, text, use) {
  const node = make(
    "button",
    { type: "button", class: "cs-button cs-quiet" },
    icon(name),
    make("span", { text }),
  );
  node.addEventListener("click", use);
  return node;
}

export function makeSetup(scene, tools, speed) {
  const { problem } = scene;
  const node = make("div", {
    class: "cs-setup",
    hidden: true,
    role: "group",
    "aria-label": "Set up",
  });
  let built = false;

  function build() {
    built = true;
    node.append(
      section(
        "Geometry",
        ...geometryFields(scene, tools),
        ...extraFields(problem, tools),
        ...mapFields(scene, tools),
      ),
      numbersSection(problem, tools),
      section(
        "Speed of play",
        makeChoice(
          "speed",
          "speed",
          tools.speeds.map((name) => [name, name]),
          speed.current(),
          speed.speed,
        ).node,
      ),
      keysLine(),
    );
  }

  function toggle() {
    if (!built) build();
    node.hidden = !node.hidden;
    tools.acts.shown();
    if (!node.hidden) node.querySelector("input")?.focus({ preventScroll: true });
  }
  return { node, toggle, open: () => !node.hidden };
}

// A field that counts once it is left or Enter is pressed.
function typed(label, value, use) {
  const input = make("input", { value, size: 4, spellcheck: "false", autocomplete: "off" });
  input.addEventListener("change", () =>
    flag(input, "aria-invalid", use(input.value) ? null : "true"),
  );
  return field(label, input);
}

function geometryFields({ problem }, { host, rebuilt }) {
  return ["stride", "padding", "dilation"].map((name) =>
    typed(name, writeGeometry(problem.how[name], problem.geometry[name]), (text) =>
      rebuilt(() => host.change({ [name]: text })),
    ),
  );
}

function extraFields({ kind, extras }, { host, rebuilt }) {
  if (kind === "nudge")
    return [
      typed("nudge", String(extras.amount), (text) => rebuilt(() => host.change({ amount: text }))),
    ];
  if (kind !== "activation") return [];
  const select = make(
    "select",
    {},
    ...ACTIVATIONS.map((name) =>
      make("option", { value: name, text: name, selected: name === extras.activation }),
    ),
  );
  select.addEventListener("change", () => rebuilt(() => host.change({ activation: select.value })));
  return [field("activation", select)];
}

// Go to a map of what is walked through, where there are several.
function mapFields({ trace }, { go, root }) {
  const shape = trace.shapes[trace.subject] ?? [];
  const names = { Y: ["k_in"], Z: ["k"], W: ["k_in", "k"] }[trace.subject?.at(-1)] ?? [];
  const fields = names.map((name, axis) => {
    const count = shape[axis + 2];
    if (!(count > 1)) return null;
    const select = make(
      "select",
      {},
      ...[...Array(count).keys()].map((map) => make("option", { value: map, text: String(map) })),
    );
    select.addEventListener("change", () => {
      const here = trace.step(Number(root.dataset.step));
      const index = [...(here.target ?? here.source).index];
      index[axis + 2] = Number(select.value);
      go(trace.position(index));
    });
    return field(name, select);
  });
  return fields.filter(Boolean);
}

function numbersSection(problem, { host, rebuilt, say }) {
  const areas = Object.entries(problem.arrays).map(([name, array]) => {
    const area = make("textarea", { spellcheck: "false", rows: 5, "data-name": name });
    area.value = name === "b" ? [...array.values].join(" ") : rowsToText(array);
    return area;
  });
  const use = action("check", "Use", () =>
    rebuilt(() =>
      host.use(Object.fromEntries(areas.map((area) => [area.dataset.name, area.value]))),
    ),
  );
  const code = make("input", {
    class: "cs-codefield",
    value: host.code,
    spellcheck: "false",
    autocomplete: "off",
  });
  code.addEventListener("focus", () => code.select());
  code.addEventListener("change", () => rebuilt(() => host.useCode(code.value)));
  const copy = (text, word) =>
    navigator.clipboard.writeText(text).then(
      () => say(`The ${word} is copied.`),
      () => {
        code.focus();
        say(
          `The browser does not allow copying: the ${word} is marked in its field, copy it there.`,
        );
      },
    );
  const copies = [action("copy", "Copy code", () => copy(host.code, "code"))];
  if (host.link) copies.push(action("copy", "Copy link", () => copy(host.link, "link")));
  return section(
    "Your numbers",
    ...areas.map((area) => field(area.dataset.name, area)),
    use,
    field("code", code),
    ...copies,
  );
}

function keysLine() {
  const parts = KEYS.flatMap(([keys, what]) => [
    ...keys.map((key) => make("kbd", { text: key })),
    ` ${what}  `,
  ]);
  return make("p", { class: "cs-keys" }, make("b", { text: "Keys" }), " ", ...parts);
}
