// A stepper in a page, without a kernel.

import { makeHost } from "./host.js";
import { fromCode, openProblem } from "./problem.js";
import { mountStepper } from "./stepper.js";

// The address may hold the code of another problem.
function pageHost(root, data) {
  const host = makeHost(openProblem(data.problem), () => {});
  const link = () => `${location.href.split("#")[0]}#${host.code}`;
  Object.defineProperty(host, "link", { get: data.address ? link : () => null });
  host.off = () => {};
  host.byTerm = Boolean(data.by_term);
  host.place(data.step ?? 0, data.term ?? -1);
  if (!data.address) return host;
  const read = () => {
    if (!location.hash) return;
    try {
      host.take(openProblem(fromCode(decodeURIComponent(location.hash.slice(1)))));
    } catch (error) {
      host.said = `${error.message}. Nothing was changed.`;
    }
    host.draw("problem");
  };
  window.addEventListener("hashchange", read);
  host.off = () => window.removeEventListener("hashchange", read);
  read();
  return host;
}

export function mountPage(root, data) {
  return mountStepper(root, pageHost(root, data));
}
