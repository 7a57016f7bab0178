// Drawing a step: the picture, the question about it, the toolbar, and what is heard.

import { flag, focusOn } from "./dom.js";
import { emptyText } from "./meet.js";
import { placeName } from "./parts.js";
import { spoken } from "./sum.js";

// quiet: nothing is said of it, since nobody moved.
export function drawStep(stepper, { moved = false, quiet = false } = {}) {
  const { root, parts, step, now, codeShown } = stepper;
  const asked = parts.predict.asked(step);
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  Object.assign(root.dataset, { step: step.number, term: now });
  flag(root, "data-asks", asked.kind);
  const view = viewOf(parts, asked);
  view.show({ step, now, term: step.terms[now], asked });
  parts.predict.show(view.meet);
  showPlace(stepper, asked, moved);
  if (codeShown) parts.code.show({ step, now, asked });
  keepFocus(root, focused);
  if (stepper.laidFor && laidFor(stepper) !== stepper.laidFor) stepper.layOut();
  if (asked.kind) stepper.hush();
  if (!quiet) announce(stepper, asked);
  if (moved && !asked.kind) stepper.fly();
}

// A question takes more room than none, and one about a size has all.
export const laidFor = ({ host, parts }) => `${host.predict} ${parts.alone.node.isConnected}`;

// What is on the page now: the picture, or the question alone.
function viewOf({ view, alone, place, track }, asked) {
  const [wanted, other] = asked.kind === "size" ? [alone, view] : [view, alone];
  if (other.node.isConnected) other.node.replaceWith(wanted.node);
  if (asked.secret) track.node.remove();
  else if (!place.contains(track.node)) place.prepend(track.node);
  return wanted;
}

function showPlace(stepper, asked, moved) {
  const { host, parts, step } = stepper;
  const { trace } = host.problem;
  const place = asked.secret ? "?" : placeName(trace, step);
  const count = asked.secret ? "" : `${step.number + 1} of ${trace.length}`;
  parts.track.show(step.number, place);
  parts.bar.show({
    place: { name: place, count, moved },
    byTerm: host.byTerm,
    atStart: host.isEnd(-1),
    atEnd: host.isEnd(1),
    pressed: {
      play: stepper.playing(),
      predict: Boolean(host.predict),
      code: stepper.codeShown,
      present: stepper.presenting(),
    },
    opened: parts.setup.open(),
  });
}

// The focus stays with the marked product; of what is gone, it goes to the stepper.
function keepFocus(root, focused) {
  if (focused?.matches("[data-product], .cs-none"))
    focusOn(root.querySelector("[data-marked-product]"));
  else if (focused && !root.contains(document.activeElement)) focusOn(root);
}

function announce({ host, parts, step, now, announce: tell }, asked) {
  const { trace } = host.problem;
  const name = step.stage ? "" : `: ${placeName(trace, step)}`;
  const heading = asked.secret ? "" : `Step ${step.number + 1} of ${trace.length}${name}. `;
  tell(step, heading, heardOf(parts, step, now, asked));
}

function heardOf({ scene, view, predict }, step, now, asked) {
  if (asked.kind) return predict.aloud();
  if (view.aloud) return view.aloud(step);
  const count = step.terms.length;
  if (!count) return emptyText(scene, step);
  const which = count > 1 ? `Product ${now + 1} of ${count}: ` : "";
  const more = now === count - 1 && view.told ? `. ${view.told()}` : "";
  return which + spoken(scene, step, step.terms[now]) + more;
}
