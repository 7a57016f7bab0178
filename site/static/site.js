// What scrolls sideways can be reached by key: not every browser does that by itself.
const wide = "pre, .formula, .table-wrapper, article p:has(> img)";
const mark = () => {
  for (const box of document.querySelectorAll(wide)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("load", mark);
addEventListener("resize", mark);
addEventListener("toggle", mark, true);

// The theme has two asides and names neither.
document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Lessons");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
