// Keys, clicks and the spoken line of a stepper: in JupyterLab, and in a page without a kernel.
//
// The radio buttons of the HTML that view.py writes are the whole state, and the style sheet
// shows what they say. So a page can be stepped through without this file; with it, there are
// more keys, a cell or a line of code can be clicked, and a host is told where one is.

const TYPING = "textarea, select, input:not([type=radio], [type=checkbox], [type=button])";
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
    if (focused && !section().contains(focused))
      (focused.matches("input") && mark ? mark : section().querySelector(".cnnlib-panels"))
        ?.focus({ preventScroll: true });
    return Boolean(mark) || marks().length === 0;
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
      said.textContent = section().querySelector(".cnnlib-where").innerText;
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

  // The host has drawn anew, and may be behind the keys. What had the focus may be gone.
  const drawn = new MutationObserver(() => {
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
  const [play, reveal, projector] = ["play", "reveal", "projector"].map(find);
  let playing = null;
  let last = null;
  const stepper = attach(root, {
    count: () => stops.length,
    byTerm: () => find("by-term").checked,
    report(step) {
      if (step !== last) hide(find("hide").checked);
      last = step;
    },
  });

  function hide(hidden) {
    root.classList.toggle("cnnlib-hiding", hidden);
    reveal.hidden = !hidden;
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    play.textContent = "Play";
  }

  play.addEventListener("click", () => {
    if (playing) return stop();
    if (stops.at(-1).checked) stepper.go(0, find("by-term").checked ? 0 : LAST);
    playing = setInterval(() => stepper.move(1) || stop(), Number(find("speed").value));
    play.textContent = "Stop";
  });
  find("speed").addEventListener("change", stop);
  find("hide").addEventListener("change", (event) => hide(event.target.checked));
  reveal.addEventListener("click", () => hide(false));
  projector.addEventListener("click", () => {
    const on = root.classList.toggle("cnnlib-projecting");
    projector.setAttribute("aria-pressed", on);
  });
  find("goto").addEventListener("change", ({ target }) => {
    const wanted = target.value.match(/\d+/g) ?? [];
    const numbers = (stop) => stop.title.replace(/^.*?:/, "").match(/\d+/g) ?? [];
    const to =
      wanted.length === 1
        ? Number(wanted[0]) - 1
        : stops.findIndex((stop) => wanted.every((n, at) => Number(numbers(stop)[at]) === Number(n)));
    const found = wanted.length > 0 && stepper.go(to, LAST);
    target.setAttribute("aria-invalid", !found);
    if (found) target.value = "";
  });
  find("controls").hidden = false;
}

// In JupyterLab: a widget that shows nothing, and a kernel that hears where one is.
export default {
  async render({ model, el }) {
    let telling = false;
    const host = {
      count: () => model.get("count"),
      byTerm: () => model.get("by_term"),
      report(...at) {
        telling = true;
        model.set("at", at);
        telling = false;
        model.save_changes();
      },
    };
    while (!el.closest(".cnnlib-stepper")) await new Promise((done) => setTimeout(done, 20));
    const stepper = attach(el.closest(".cnnlib-stepper"), host);
    const follow = () => telling || stepper.show(...model.get("at"));
    model.on("change:at", follow);
    follow();
    return () => {
      model.off("change:at", follow);
      stepper.detach();
    };
  },
};
