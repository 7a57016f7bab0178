// The way back through a max pool: each cell of dZ gives all of it to the largest cell of its window.

import { ROUND, factor } from "./number.js";
import { Trace } from "./trace.js";

export class PoolTrace extends Trace {
  step(number) {
    const step = super.step(number);
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
    const won = this.largest(source)[0].index;
    const ledger = this.ledger(won);
    const from = this.position(source);
    const n = ledger.pairs.findIndex(([left]) => this.position(left) === from);
    return [this.term(won, ledger, n)];
  }

  term(index, ledger, n) {
    const term = super.term(index, ledger, n);
    return { ...term, text: `${factor(term.left.value)}·1` };
  }

  ledger(target) {
    const round = ROUND[this.dtype];
    const [r, c, k] = target;
    const ledger = { start: 0, value: 0, pairs: [], products: [], sums: [] };
    const [rows, columns] = this.meetings.map((axis, n) => axis.r[n ? c : r]);
    for (const [, , i] of rows) {
      for (const [, , j] of columns) {
        if (this.largest([i, j, k])[0].index.join() !== target.join()) continue;
        const source = this.cell("dZ", [i, j, k]);
        ledger.value = round(ledger.value + source.value);
        ledger.pairs.push([source.index, target]);
        ledger.products.push(source.value);
        ledger.sums.push(ledger.value);
      }
    }
    return ledger;
  }
}
