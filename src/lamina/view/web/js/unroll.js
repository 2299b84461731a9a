// Flatten in slow motion: the cells of a block leave in row-major order and take their places in the string.

import { cellOf, count, flatOf, unflatten } from "lamina/cells.js";
import { cell as named } from "lamina/format.js";

const SECONDS = 14;

export class Unrolling {
  /**
   * @param {any} app @param {import("lamina/cells.js").Node} node a Flatten
   * @param {HTMLElement} counter says which cell goes where
   */
  constructor(app, node, counter) {
    this.app = app;
    this.node = node;
    this.before = app.nodes.get(node.from[0]);
    this.counter = counter;
    this.total = count(node);
    this.placed = 0;
    this.order = /** @type {number[][]} */ ([]); // indices in the block, as they left
    this.running = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.seconds = calm ? 0.5 : SECONDS;
    counter.hidden = false;
    this.done = this._play();
  }

  stop() {
    this.running = false;
  }

  async _play() {
    const started = performance.now();
    while (this.running && this.placed < this.total) {
      await new Promise(requestAnimationFrame);
      const share = (performance.now() - started) / 1000 / this.seconds;
      // slow at first, so that the single steps can be followed
      const reached = Math.min(this.total, Math.ceil(this.total * Math.min(1, share) ** 3 + 14 * Math.min(1, share)));
      while (this.placed < reached) this.order.push(unflatten(this.before.shape, this.placed++));
      this._show();
    }
    await new Promise((resolve) => setTimeout(resolve, this.running ? 900 : 0));
    this.counter.hidden = true;
    this.app._mark();
  }

  _show() {
    const from = this.order[this.placed - 1];
    const to = flatOf(this.before.shape, from);
    this.counter.textContent = `${this.placed} of ${this.total}: ${named(this.before.name, from)} → [${to}]`;
    const { app, node, before } = this;
    const [level, row] = [app.level(before.id), app.level(node.id)];
    const gone = new Set();
    const placed = new Set();
    for (let i = 0; i < this.total; i++) {
      if (i < this.placed) placed.add(cellOf(node, row, [i]));
      else gone.add(cellOf(before, level, unflatten(before.shape, i)));
    }
    app.view.mark(new Map([[before.id, gone], [node.id, placed]]));
    const recent = this.order.slice(-Math.min(24, this.placed));
    app.view.connect(
      recent.map((index, i) => ({
        from: [before.id, cellOf(before, level, index)],
        to: [node.id, cellOf(node, row, [flatOf(before.shape, index)])],
        colour: [255, 179, 92],
        strength: (i + 1) / recent.length,
      })),
    );
  }
}
