// What is said: a message in sight, and what is heard of each step.

import { make, write } from "./dom.js";

const SILENCE = 200; // milliseconds, so that nothing is read out while keys come fast

export function makeVoice() {
  const message = make("p.cs-message", { role: "status" });
  const heard = make("p.cs-unseen", { "aria-live": "polite" });
  let [waiting, lastStep] = [0, null];

  function hear(text, then = () => {}) {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      heard.textContent = text;
      then();
    }, SILENCE);
  }

  // The heading of a step once, then what happens at the term.
  function announce(step, heading, text) {
    hear(step === lastStep ? text : heading + text, () => (lastStep = step));
  }

  const answer = ({ right, said }) =>
    hear(`${right === null ? "" : right ? "Right. " : "Not right. "}${said}`);
  const say = (text) => write(message, text);
  const silence = () => clearTimeout(waiting);
  const hush = () => (heard.textContent = "");
  return { message, heard, hear, announce, answer, say, hush, silence };
}
