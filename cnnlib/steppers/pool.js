// The way back through a max pool: each cell of dZ gives all of it to the largest cell of its window.

import { factor } from "./number.js";
import { Trace } from "./trace.js";

export class PoolTrace extends Trace {
  make(number) {
    const step = super.make(number);
    step.window = this.window(step.source.index);
    step.ties = this.largest(step.source.index).slice(1);
    return step;
  }

  // The cells of Y in the window of a cell of dZ, in row order.
  window([i, j, k]) {
    const [rows, columns] = this.meetings.map((axis, n) => axis.i[n ? j : i]);
    return rows.flatMap(([r]) => columns.map(([c]) => this.cell("Y", [r, c, k])));
  }

  // The largest cells of such a window: the first gets all, the others are ties.
  largest(index) {
    const cells = this.window(index);
    const missing = cells.filter((cell) => Number.isNaN(cell.value)); // counts as the largest
    const most = Math.max(...cells.map((cell) => cell.value));
    return missing.length ? missing : cells.filter((cell) => cell.value === most);
  }

  gifts(source) {
    return [this.gift(source, this.largest(source)[0].index)];
  }

  term(index, ledger, n) {
    const term = super.term(index, ledger, n);
    return { ...term, text: `${factor(term.left.value)}·1` };
  }

  // The cells of dZ whose windows this cell of Y wins.
  pairs(target) {
    const [r, c, k] = target;
    const [rows, columns] = this.meetings.map((axis, n) => axis.r[n ? c : r]);
    const sources = rows.flatMap(([, , i]) => columns.map(([, , j]) => [i, j, k]));
    const won = (source) => this.largest(source)[0].index.join() === target.join();
    return sources.filter(won).map((source) => [source, target]);
  }

  product([source]) {
    return this.cell("dZ", source).value;
  }
}
