// Turning the card by half a turn, as it lies on the board.

import { icon, make } from "./dom.js";

export function makeTurn(card) {
  const box = make("input", { type: "checkbox", "aria-label": "turn as it lies" });
  const label = make(
    "label",
    { class: "cs-turner" },
    box,
    icon("turn"),
    make("span", { text: "turn" }),
  );
  const note = card.grid.caption.lastElementChild;
  card.grid.caption.append(label);
  let tell = () => {};
  box.addEventListener("change", () => {
    card.grid.box.toggleAttribute("data-turned", box.checked);
    note.textContent = box.checked ? "as it lies" : "as stored";
    tell();
  });
  return { turned: () => box.checked, press: () => box.click(), onTurn: (use) => (tell = use) };
}
