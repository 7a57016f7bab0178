// The keys of a stepper, while it has the focus.

import { focusOn } from "./dom.js";

const TYPING = "textarea, select, input:not([type=radio], [type=checkbox])";

const ACTS = {
  ArrowRight: "next",
  ArrowLeft: "previous",
  PageDown: "next",
  PageUp: "previous",
  ArrowDown: "nextTerm",
  ArrowUp: "previousTerm",
  Home: "first",
  End: "last",
  " ": "play",
  Enter: "check",
  Escape: "leave",
  p: "predict",
  t: "turn",
  c: "code",
  g: "toField",
  s: "setup",
  f: "present",
};

export function listen(root, acts) {
  // What was typed counts with Enter; then, as after Escape, the keys are for the steps again.
  function onTyped(event) {
    const over =
      event.key === "Escape" ||
      (event.key === "Enter" && !event.target.matches("textarea, .cs-guess"));
    if (over)
      setTimeout(() => event.target.getAttribute("aria-invalid") !== "true" && focusOn(root));
  }

  function onKey(event) {
    if (event.target.matches(TYPING)) return onTyped(event);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.matches("[type=radio], [type=checkbox]") && /^Arrow| $/.test(event.key))
      return;
    if (event.target.matches("button") && (event.key === " " || event.key === "Enter")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isDigit = /^[1-9]$/.test(key);
    if (!isDigit && !Object.hasOwn(ACTS, key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (isDigit) acts.choose(Number(key) - 1);
    else acts[ACTS[key]]();
  }

  // JupyterLab takes a letter on what has the focus for one of its own shortcuts, unless that
  // element itself says no: b inserts a cell, m turns this one into text.
  const onFocus = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  // A click of a mouse or a finger makes the keys the stepper's; one of a key leaves the focus.
  const onClick = (event) => {
    if (!event.pointerType && !event.detail) return;
    if (!document.activeElement?.matches(TYPING) || !root.contains(document.activeElement))
      focusOn(root);
  };
  const heard = { keydown: onKey, focusin: onFocus, click: onClick };
  for (const [name, use] of Object.entries(heard)) root.addEventListener(name, use);
  return () => {
    for (const [name, use] of Object.entries(heard)) root.removeEventListener(name, use);
  };
}
