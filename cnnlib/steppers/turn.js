// Turning the card by half a turn, as it lies on the board.

import { icon, make, write } from "./dom.js";

// `turned` is told after each turn.
export function makeTurn({ grid }, turned = () => {}) {
  const box = make("input", { type: "checkbox", "aria-label": "turn as it lies" });
  const note = grid.caption.lastElementChild;
  grid.caption.append(make("label.cs-turner", box, icon("turn"), make("span", "turn")));
  box.addEventListener("change", () => {
    grid.box.toggleAttribute("data-turned", box.checked);
    write(note, box.checked ? "as it lies" : "as stored");
    turned();
  });
  return { turned: () => box.checked, press: () => box.click() };
}
