// The page by itself: a saved file that computes what common layers do, and shows kept pictures of others.

import { cellOf, count, flatOf, unflatten, wholeLevel } from "lamina/cells.js";
import { Engine } from "lamina/engine.js";
import { bytes, decode } from "lamina/frame.js";

export class Page {
  /** @param {any} data what was embedded in the file */
  constructor(data) {
    this.data = data;
    this.opened = [];
    this.nodes = new Map(data.scene.nodes.map((node) => [node.id, node]));
    this.engine = data.steps && new Engine(data.scene.nodes, data.steps);
    if (this.engine) for (const node of data.scene.nodes) node.level = wholeLevel(node);
    this.number = 0;
  }

  async describe() {
    return this.data.scene;
  }

  /** @param {number} number */
  async sample(number) {
    const { type, data, divisor } = this.data.samples[number];
    const buffer = bytes(data);
    const isBytes = type === "bytes"; // whole steps of 1/divisor
    const values = isBytes ? Float32Array.from(new Uint8Array(buffer), (byte) => byte / divisor) : new Float32Array(buffer);
    values.sample = number;
    return values;
  }

  /** @param {Float32Array} input */
  async run(input) {
    if (!this.engine) return decode(bytes(this.data.frames[input.sample ?? 0]));
    const found = this.engine.run(input);
    return new Map(
      [...this.nodes.values()].map((node) => {
        const level = wholeLevel(node);
        return [node.id, { ...level, values: arranged(node, level, found.get(node.id).data) }];
      }),
    );
  }

  /** @param {string} id @param {number[]} index */
  async trace(id, index) {
    const node = this.nodes.get(id);
    if (!this.engine) throw new Error("This file keeps pictures only: the model is too large to be computed here.");
    const place = flatOf(node.shape, index);
    const told = { id, index, value: this.engine.values.get(id).data[place] };
    return node.from.length ? { ...told, ...this._contributions(node, place) } : told;
  }

  /** @param {string} id @param {number[]} index @param {boolean} forward */
  async reach(id, index, forward) {
    const node = this.nodes.get(id);
    const place = flatOf(node.shape, index);
    const reached = forward ? this._forward(node, place) : this._backward(node, place);
    const regions = Object.fromEntries(
      [...reached].map(([name, places]) => {
        const other = this.nodes.get(name);
        const level = wholeLevel(other);
        return [name, [...places].map((at) => cellOf(other, level, unflatten(other.shape, at))).filter((cell) => cell >= 0)];
      }),
    );
    return { steps: [], regions };
  }

  _contributions(node, place) {
    const { before, rest, terms } = this.engine.sum(node, place);
    const inputs = this.engine.inputs(node);
    const parts = terms
      .map(([input, from, weight]) => {
        const { shape, data } = inputs[input];
        return [node.from[input], unflatten(shape, from), data[from], weight, data[from] * weight];
      })
      .filter((part) => part[4] !== 0)
      .sort((a, b) => Math.abs(b[4]) - Math.abs(a[4]));
    return { before, rest, parts, others: 0, count: parts.length };
  }

  /** @returns {Map<string, Set<number>>} places that a value depends on, in each node before it */
  _backward(node, place) {
    const wanted = new Map([[node.id, new Set([place])]]);
    for (const other of [...this.nodes.values()].reverse()) {
      if (!wanted.has(other.id) || !other.from.length) continue;
      for (const at of wanted.get(other.id)) {
        for (const [input, from] of this.engine.reads(other, at)) {
          const id = other.from[input];
          if (!wanted.has(id)) wanted.set(id, new Set());
          wanted.get(id).add(from);
        }
      }
    }
    wanted.delete(node.id);
    return wanted;
  }

  /** @returns {Map<string, Set<number>>} places that depend on a value, in each node behind it */
  _forward(node, place) {
    const reached = new Map([[node.id, new Set([place])]]);
    for (const other of this.nodes.values()) {
      if (!other.from.some((id) => reached.has(id))) continue;
      const found = new Set();
      for (let at = 0; at < count(other); at++) {
        const reads = this.engine.reads(other, at);
        if (reads.some(([input, from]) => reached.get(other.from[input])?.has(from))) found.add(at);
      }
      if (found.size) reached.set(other.id, found);
    }
    reached.delete(node.id);
    return reached;
  }

  /** @param {string} id */
  async explain(id) {
    return this.data.explanations[id] ?? { html: "", pictures: null };
  }
}

/** Put the values of a sample in the order of its cells. */
function arranged(node, level, data) {
  const cells = new Float32Array(level.chosen.length * level.rows * level.cols);
  if (!node.order) {
    cells.set(data.subarray(0, cells.length));
    return cells;
  }
  const [row, col] = node.order.slice(-2);
  const steps = node.shape.map((_, axis) => node.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  let cell = 0;
  for (const plane of level.chosen) {
    let start = 0;
    let rest = plane;
    for (const axis of node.order.slice(0, -2).reverse()) {
      start += (rest % node.shape[axis]) * steps[axis];
      rest = Math.floor(rest / node.shape[axis]);
    }
    for (let r = 0; r < level.rows; r++) {
      for (let c = 0; c < level.cols; c++) cells[cell++] = data[start + r * steps[row] + c * steps[col]];
    }
  }
  return cells;
}
