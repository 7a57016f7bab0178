// Presenting: full screen, or a layer over the page where that is refused.

import { focusOn } from "./dom.js";

export function makePresent(root, changed) {
  let presenting = false;

  function set(on) {
    if (presenting === on) return;
    presenting = on;
    root.classList.toggle("cs-presenting", on);
    changed();
    focusOn(root);
  }

  // The layer lies above all else, whatever the page is made of.
  function cover() {
    root.setAttribute("popover", "manual");
    root.showPopover?.();
    set(true);
  }

  function uncover() {
    if (root.hasAttribute("popover")) root.hidePopover?.();
    root.removeAttribute("popover");
    if (document.fullscreenElement === root) document.exitFullscreen();
    set(false);
  }

  const onChange = () => {
    if (document.fullscreenElement === root) set(true);
    else if (!root.hasAttribute("popover")) set(false);
  };
  root.addEventListener("fullscreenchange", onChange);

  return {
    presenting: () => presenting,
    present() {
      if (presenting) uncover();
      else if (root.requestFullscreen) root.requestFullscreen().catch(cover);
      else cover();
    },
    uncover,
  };
}
