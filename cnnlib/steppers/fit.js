// How large a cell can be, so that a whole step is seen at once.

const LEAST = 14;

// The height that is seen at once: of the screen when presenting, else of the outermost part that
// scrolls, which in JupyterLab is the notebook. What is low only because it holds little is passed.
export function roomOf(root) {
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

export function foldOf(width) {
  return width >= 860 ? "wide" : width > 560 ? "middle" : "narrow";
}

// Take the largest cells with which all fits: in width always, in height where that is readable.
export function fitCells(root) {
  const presenting = root.matches(".cs-presenting");
  const most = presenting ? Math.max(54, Math.round(window.innerHeight * 0.09)) : 54;
  const readable = root.dataset.fold === "narrow" ? most : 22;
  const room = roomOf(root);
  const fits = (cell, wanted) => {
    root.style.setProperty("--cell", `${cell}px`);
    const step = root.querySelector(":scope > .cs-step");
    if (step.scrollWidth > step.clientWidth + 1) return false;
    return (
      cell <= readable ||
      !wanted ||
      (presenting ? root.scrollHeight <= root.clientHeight : heightOf(root) <= room)
    );
  };
  let [least, best] = [LEAST, most];
  while (least < best) {
    const cell = Math.ceil((least + best) / 2);
    if (fits(cell, true)) least = cell;
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
