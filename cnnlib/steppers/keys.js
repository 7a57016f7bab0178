// Keys, clicks and the spoken line of a stepper: in JupyterLab, and in a page without a kernel.
//
// The radio buttons of the HTML that view.py writes are the whole state, and the style sheet
// shows what they say. So a page can be stepped through without this file; with it, there are
// more keys, a cell or a line of code can be clicked, and a host is told where one is.

const TYPING = "textarea, select, input:not([type=radio], [type=checkbox], [type=button])";
const ONE_LINE = ".cnnlib-places input, .cnnlib-question input, .cnnlib-goto";
const LAST = -1;

export function attach(root, host) {
  const form = () => root.querySelector(".cnnlib-steps");
  const stops = () => [...form().querySelectorAll(":scope > input")];
  const section = () =>
    form().querySelector(":scope > input:checked + section") ?? form().querySelector("section");
  const marks = () => [...section().querySelectorAll('input[class^="go-"]')];
  const marked = () => Number(marks().find((mark) => mark.checked)?.value ?? 0);
  const shown = () => Number(section().dataset.step);
  const terms = () => Number(section().dataset.terms);
  let step = shown(); // what is shown, or has been asked of the host
  let wanted = LAST; // the term of it
  let waiting = [];
  let saying;
  let last = null; // what has the focus, even when it has just been replaced

  // Mark a term of a step and say whether the page could do it: else the host must draw it.
  function show(toStep, toTerm) {
    step = toStep;
    const stop = stops().find((one) => Number(one.value) === toStep);
    if (!stop && toStep !== shown()) return false;
    const focused = section().contains(document.activeElement) ? document.activeElement : null;
    if (stop) stop.checked = true;
    if (stops().includes(document.activeElement)) stop.focus({ preventScroll: true });
    const place = toTerm < 0 ? Math.max(0, terms() - 1) : Math.min(toTerm, terms() - 1);
    const mark = marks().find((one) => Number(one.value) === place && !one.disabled);
    if (mark) mark.checked = true;
    bringIntoView();
    if (focused && !section().contains(focused))
      (focused.matches("input") && mark ? mark : section().querySelector(".cnnlib-panels"))
        ?.focus({ preventScroll: true });
    return Boolean(mark) || marks().length === 0;
  }

  // A board that is wider than the page slides sideways, so that the marked cell is seen.
  function bringIntoView() {
    const panels = section().querySelector(".cnnlib-panels");
    if (!panels || panels.scrollWidth <= panels.clientWidth) return;
    const mark = marks().find((one) => one.checked);
    const name = mark ? mark.className.replace("go-", "term-") : "cnnlib-target";
    const cells = section().querySelectorAll(`.cnnlib-main td.${name}`);
    const cell = [...cells].find((one) => one.checkVisibility());
    if (!cell) return;
    const [seen, at] = [panels.getBoundingClientRect(), cell.getBoundingClientRect()];
    const beyond = at.left < seen.left || at.right > seen.right;
    if (beyond) panels.scrollLeft += (at.left + at.right - seen.left - seen.right) / 2;
  }

  function go(toStep, toTerm) {
    if (toStep < 0 || toStep >= host.count()) return false;
    if (show(toStep, toTerm)) return changed();
    wanted = toTerm;
    if (form().contains(document.activeElement)) root.focus({ preventScroll: true }); // it stays
    host.report(toStep, toTerm);
    return true;
  }

  function changed() {
    step = shown();
    host.report(step, marked());
    clearTimeout(saying); // said once, when the keys have come to rest
    saying = setTimeout(() => {
      const asks = root.dataset.asks && root.querySelector(".cnnlib-ask");
      said.textContent = (asks || section().querySelector(".cnnlib-where")).innerText;
    }, 200);
    return true;
  }

  function move(by, byTerm = host.byTerm()) {
    if (!byTerm) return go(step + by, LAST);
    if (step !== shown()) return waiting.push(() => move(by, byTerm)); // until it is drawn
    const next = marked() + by;
    if (next >= 0 && next < terms()) return go(step, next);
    return go(step + by, by > 0 ? 0 : LAST);
  }

  // Nothing below a stepper moves up when less is shown: its view keeps its height.
  let [tallest, width] = [0, 0];
  function keepHeight() {
    const place = form().parentElement;
    if (place === root || !form().offsetHeight) return; // all steps are in a page, and alike
    if (place.offsetWidth !== width) [tallest, width] = [0, place.offsetWidth];
    tallest = root.matches(".cnnlib-projecting") ? 0 : Math.max(tallest, form().offsetHeight);
    place.style.minHeight = `${tallest}px`;
  }

  // The host has drawn anew, and may be behind the keys. What had the focus may be gone.
  const drawn = new MutationObserver(() => {
    keepHeight();
    if (step !== shown() && stops().some((one) => Number(one.value) === step)) show(step, wanted);
    const lost = last && !last.isConnected && document.activeElement === document.body;
    if (step !== shown() && !lost) return;
    if (lost || (document.activeElement === root && last === root))
      (stops().find((stop) => stop.checked) ?? section().querySelector(".cnnlib-panels"))?.focus({
        preventScroll: true,
      });
    if (step !== shown()) return;
    const moves = waiting;
    waiting = [];
    for (const one of moves) one();
  });

  const moves = {
    first: () => go(0, host.byTerm() ? 0 : LAST),
    previous: () => move(-1),
    next: () => move(1),
    last: () => go(host.count() - 1, LAST),
  };
  const press = (name) => () => root.querySelector(`.cnnlib-${name}`)?.click();
  const keys = {
    ArrowRight: moves.next,
    ArrowLeft: moves.previous,
    ArrowDown: () => move(1, true),
    ArrowUp: () => move(-1, true),
    Home: moves.first,
    End: moves.last,
    " ": press("play"),
    Enter: press("reveal"),
    f: press("projector"),
  };

  // What was typed counts with Enter; then the keys are for the steps again.
  const toTheSteps = () =>
    (stops().find((stop) => stop.checked) ?? section().querySelector(".cnnlib-panels") ?? root)
      .focus({ preventScroll: true });

  function onEnter(event) {
    if (event.key === "Enter" && event.target.matches(ONE_LINE))
      setTimeout(() => event.target.getAttribute("aria-invalid") !== "true" && toTheSteps());
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches(TYPING)) return;
    const onButton = event.target.matches("button, summary, [type=checkbox]");
    if (onButton && (event.key === " " || event.key === "Enter")) return;
    const digit = /^[1-9]$/.test(event.key) && Number(event.key);
    if (digit && digit <= terms()) go(step, digit - 1);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onClick(event) {
    if (event.target.closest(".cnnlib-reveal")) setTimeout(toTheSteps); // the button goes away
    const hit = event.target.closest(".cnnlib-step td, .cnnlib-step li");
    const number = hit?.className.match(/\bterm-(\d+)/)?.[1];
    const mark = number && section().querySelector(`.go-${number}`);
    if (mark && !mark.disabled) {
      mark.checked = true;
      changed();
    }
  }

  // A move needs no round trip to a kernel where all steps are in the page.
  function onMove(event) {
    const button = event.target.closest("button");
    const name = Object.keys(moves).find((one) => button?.classList.contains(`cnnlib-${one}`));
    if (!name || !stops().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    moves[name]();
  }

  // JupyterLab takes a letter on what has the focus for one of its own shortcuts, unless that
  // element itself says no: b inserts a cell, m turns this one into text.
  const onFocus = (event) => {
    event.target.setAttribute("data-lm-suppress-shortcuts", "true");
    last = event.target;
  };
  // What is drawn anew loses the focus, and the keys would go to JupyterLab: see `drawn`.
  const onBlur = () =>
    setTimeout(() => last?.isConnected && last !== document.activeElement && (last = null));
  const onChange = (event) => event.target.closest(".cnnlib-steps") && changed();

  const said = document.createElement("p");
  said.className = "cnnlib-said";
  said.setAttribute("role", "status");
  root.append(said);
  root.tabIndex = -1;
  const heard = [
    ["keydown", onEnter, true], // a field of ipywidgets keeps its keys to itself
    ["keydown", onKey],
    ["click", onMove, true],
    ["click", onClick],
    ["change", onChange],
    ["focusin", onFocus],
    ["focusout", onBlur],
  ];
  for (const one of heard) root.addEventListener(...one);
  drawn.observe(root, { childList: true, subtree: true });
  const detach = () => {
    drawn.disconnect();
    clearTimeout(saying);
    for (const one of heard) root.removeEventListener(...one);
    said.remove();
  };
  return { show, go, move, detach };
}

// In a page without a kernel: its controls, which a page without a script does not show.
export function standAlone(root) {
  const find = (name) => root.querySelector(`.cnnlib-${name}`);
  const stops = [...root.querySelectorAll(".cnnlib-steps > input")];
  const [play, projector, byTerm] = ["play", "projector", "by-term"].map(find);
  let playing = null;
  const questions = ask(root);
  const stepper = attach(root, {
    count: () => stops.length,
    byTerm: () => byTerm.checked,
    report: (...at) => questions.show(...at),
  });

  function stop() {
    clearInterval(playing);
    playing = null;
    play.textContent = "Play";
  }

  play.addEventListener("click", () => {
    if (playing) return stop();
    if (stops.at(-1).checked) stepper.go(0, byTerm.checked ? 0 : LAST);
    playing = setInterval(() => stepper.move(1) || stop(), Number(find("speed").value));
    play.textContent = "Stop";
  });
  find("speed").addEventListener("change", stop);
  projector.addEventListener("click", () => {
    const on = root.classList.toggle("cnnlib-projecting");
    projector.setAttribute("aria-pressed", on);
  });
  find("goto").addEventListener("change", ({ target }) => {
    const wanted = target.value.match(/\d+/g) ?? [];
    const name = target.value.match(/[a-z]+/i)?.[0];
    const cell = (stop) => stop.title.replace(/^.*?:/, "");
    const numbers = (stop) => cell(stop).match(/\d+/g) ?? [];
    const to =
      wanted.length === 1
        ? Number(wanted[0]) - 1
        : stops.findIndex((stop) => wanted.every((n, at) => Number(numbers(stop)[at]) === Number(n)));
    const named = !name || cell(stops[0]).trim().toLowerCase().startsWith(`${name.toLowerCase()}(`);
    const found = wanted.length > 0 && named && stepper.go(to, LAST);
    target.setAttribute("aria-invalid", !found);
    find("answer").textContent = found ? "" : `There is no ${target.value} here.`;
    if (found) target.value = "";
  });
  find("controls").hidden = false;
}

// Predict, then reveal, in a page: quiz.py wrote its questions there, each with its answer.
function ask(root) {
  const find = (name) => root.querySelector(`.cnnlib-${name}`);
  const [predict, row, guess, said] = ["predict", "question", "guess", "answer"].map(find);
  const questions = JSON.parse(find("questions").textContent);
  const marked = () => {
    const section = root.querySelector(".cnnlib-steps > input:checked + section");
    const term = section.querySelector('input[class^="go-"]:checked');
    return [Number(section.dataset.step), Number(term?.value ?? 0)];
  };
  let tally = new Map(); // what was asked: whether the first guess was right
  let answered = new Set();
  let open = null;

  // Ask what belongs to a place, or nothing where it has been answered.
  function show(step, term) {
    const kind = predict.value;
    const here = questions[kind]?.[step] ?? [];
    const [words, answer] = (here.length === 1 ? here[0] : here[term]) ?? [];
    open = words && !answered.has(words) ? { kind, ask: words, answer } : null;
    root.dataset.asks = open ? kind : "";
    const array = open?.answer.match(/^(\w+)\(/)?.[1]; // of the cell that is asked for
    root.querySelectorAll("table").forEach((table) => {
      const name = table.querySelector("caption b").textContent;
      table.classList.toggle("cnnlib-asked", name === array);
    });
    row.hidden = !open;
    find("ask").textContent = open?.ask ?? "";
    guess.value = "";
    if (open) said.textContent = "";
  }

  function reveal() {
    if (!open) return;
    const { ask, answer } = open;
    const typed = guess.value.trim();
    if (typed && !numbers(open.kind, typed).length) {
      said.textContent = `'${typed}' has no number in it. Guess again, or reveal without a guess.`;
      guess.value = "";
      return;
    }
    let words = `${ask} ${answer}.`;
    if (typed) {
      const right = isRight(open, typed);
      if (!tally.has(ask)) tally.set(ask, right);
      const good = [...tally.values()].filter(Boolean).length;
      words += ` Your guess, ${typed}, is ${right ? "right" : "not right"}. ${good} of ${tally.size} right.`;
    }
    const [step] = marked();
    const last = root.querySelectorAll(".cnnlib-steps > input").length - 1;
    if (step === last && tally.size) words += " This was the last step.";
    answered.add(ask);
    show(...marked());
    said.textContent = words;
  }

  predict.addEventListener("change", () => {
    tally = new Map();
    answered = new Set();
    said.textContent = "";
    show(...marked());
  });
  find("reveal").addEventListener("click", reveal);
  guess.addEventListener("keydown", (event) => event.key === "Enter" && reveal());
  return { show };
}

// As `quiz.Question.read`: a comma within one value is a decimal point.
function numbers(kind, text) {
  let plain = text.replace(/[-\u2212] ?/g, "-"); // a telephone may type another minus
  if (kind === "value") plain = plain.replace(/^(\s*-?\d+),(\d+\s*)$/, "$1.$2");
  const number = /-?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[-+]?\d{1,3})?/g;
  return (plain.match(number) ?? []).map(Number);
}

// As `quiz.Question.is_right`: a map index that can only be 0 may be left out.
export function isRight({ kind, answer }, guess) {
  const [right, said] = [answer, guess].map((text) => numbers(kind, text));
  const near = (a, b) => Math.abs(a - b) <= Math.max(1e-5 * Math.abs(b), 1e-9);
  if (kind === "value") return said.length === 1 && right.length === 1 && near(said[0], right[0]);
  const fits = said.length >= 2 && said.length <= right.length;
  return fits && right.every((n, at) => n === (said[at] ?? 0));
}

// In JupyterLab: a widget that shows nothing, and a kernel that hears where one is.
export default {
  async render({ model, el }) {
    let telling = false;
    let told = model.get("at")[2]; // moves that the browser has made
    const host = {
      count: () => model.get("count"),
      byTerm: () => model.get("by_term"),
      report(...move) {
        told += 1;
        const at = [...move, told];
        telling = true;
        model.set("at", at); // for another view of the same stepper
        telling = false;
        model.send({ at });
      },
    };
    while (!el.closest(".cnnlib-stepper")) await new Promise((done) => setTimeout(done, 20));
    const stepper = attach(el.closest(".cnnlib-stepper"), host);
    const follow = () => {
      const [step, term, heard] = model.get("at");
      if (telling || heard < told) return; // the kernel is behind, and will hear of it
      told = heard;
      stepper.show(step, term);
    };
    model.on("change:at", follow);
    follow();
    return () => {
      model.off("change:at", follow);
      stepper.detach();
    };
  },
};
