// How large a cell can be, so that a whole step is seen at once.

import { laidFor } from "./draw.js";

const LEAST = 14; // pixels of a cell
const READABLE = 30; // below, fewer maps are shown at once

// The height that is seen at once: of the screen when presenting, else of the outermost part that
// scrolls, which in JupyterLab is the notebook. What is low only because it holds little is passed.
function roomOf(root) {
  if (root.matches(".cs-presenting")) return window.innerHeight;
  let room = null;
  for (let node = root.parentElement; node && node !== document.body; node = node.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(node).overflowY);
    if (scrolls && node.clientHeight > window.innerHeight / 2) room = node.clientHeight - 10;
  }
  if (room !== null) return room;
  const top = root.getBoundingClientRect().top + window.scrollY; // a short heading may stand above
  return window.innerHeight - Math.min(top, 120) - 8;
}

function foldOf(width) {
  return width >= 860 ? "wide" : width > 560 ? "middle" : "narrow";
}

// Lay a stepper out anew, where its width, its height or what it shows has changed.
export function makeSizes(stepper) {
  const { root } = stepper;
  let [width, room] = [0, 0];

  function layOut() {
    if (!root.isConnected || !root.clientWidth) return;
    const { view } = stepper.parts;
    [width, room] = [root.clientWidth, roomOf(root)];
    stepper.laidFor = laidFor(stepper);
    root.dataset.fold = foldOf(width);
    root.style.setProperty("--width", `${width}px`);
    view.sum?.fold(root.dataset.fold);
    stepper.draw({ quiet: true });
    while (fitCells(root) < READABLE && view.fewer?.()) stepper.draw({ quiet: true });
    view.measure?.();
    stepper.draw({ quiet: true });
  }

  const resized = () => (root.clientWidth !== width || roomOf(root) !== room) && layOut();
  const observer = new ResizeObserver(resized);
  function watch() {
    observer.observe(root);
    window.addEventListener("resize", resized);
  }
  function unwatch() {
    observer.disconnect();
    window.removeEventListener("resize", resized);
  }
  return { layOut, watch, unwatch };
}

// Take the largest cells with which all fits: in width always, in height where that is readable.
function fitCells(root) {
  const presenting = root.matches(".cs-presenting");
  const most = presenting ? Math.max(54, Math.round(window.innerHeight * 0.09)) : 54;
  const readable = root.dataset.fold === "narrow" ? most : 22;
  const room = roomOf(root);
  const fits = (cell) => {
    root.style.setProperty("--cell", `${cell}px`);
    const step = root.querySelector(":scope > .cs-step");
    if (step.scrollWidth > step.clientWidth + 1) return false;
    if (cell <= readable) return true;
    return presenting ? root.scrollHeight <= root.clientHeight : heightOf(root) <= room;
  };
  let [least, best] = [LEAST, most];
  while (least < best) {
    const cell = Math.ceil((least + best) / 2);
    if (fits(cell)) least = cell;
    else best = cell - 1;
  }
  root.style.setProperty("--cell", `${least}px`);
  return least;
}

// What is opened above or below the step is not counted: it may be scrolled to.
function heightOf(root) {
  const opened = [...root.querySelectorAll(":scope > .cs-setup, .cs-lines")];
  return root.offsetHeight - opened.reduce((sum, node) => sum + node.offsetHeight, 0);
}
