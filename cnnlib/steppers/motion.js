// Motion: both factors fly into the sum, and the result pulses. It starts after the step is drawn,
// lasts at most 200 ms, and does not take place where less motion is asked for.

import { make } from "./dom.js";

const TIME = { duration: 190, easing: "cubic-bezier(.2,.7,.2,1)" };

export function makeMotion(root) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let [waiting, waitingStill] = [0, 0];

  function flyInto(slot, cells) {
    const end = slot.getBoundingClientRect();
    const frame = root.getBoundingClientRect();
    cells.forEach((cell, at) => {
      const start = cell.getBoundingClientRect();
      const [left, top] = [end.left - frame.left, end.top - frame.top + at * 22];
      const look = { "data-c": "bk"[at], "aria-hidden": "true" };
      const ghost = make("span.cs-ghost", look, cell.textContent);
      ghost.style.cssText = `left:${left}px;top:${top}px;width:${end.width}px`;
      root.append(ghost);
      const from = `translate(${start.left - end.left}px, ${start.top - end.top - at * 22}px)`;
      const move = ghost.animate([{ transform: from }, { transform: "none" }], TIME);
      move.onfinish = move.oncancel = () => ghost.remove();
    });
  }

  function start() {
    for (const ghost of root.querySelectorAll(".cs-ghost")) ghost.remove();
    const marked = (table) => root.querySelector(`.cs-one .cs-${table} [data-marked]`);
    const from = ["board", "card"].map(marked);
    const to = root.querySelector("[data-marked-product]");
    if (from.every(Boolean) && to) flyInto(to, from);
    const now = root.querySelector(".cs-result:not(.cs-heat) [data-now] span");
    now?.animate([{ scale: 1.2 }, { scale: 1 }], TIME);
  }

  // After the frame that shows the step, which must not wait for this.
  function fly() {
    cancelAnimationFrame(waiting);
    clearTimeout(waitingStill);
    if (still.matches) return;
    waiting = requestAnimationFrame(() => (waitingStill = setTimeout(start)));
  }
  return { fly };
}
