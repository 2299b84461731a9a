// Common layers in the page: each says which inputs an output value is made of; running and tracing follow from it.

import { bytes } from "lamina/frame.js";
import { count } from "lamina/cells.js";

/** @typedef {{shape: number[], data: Float32Array}} Tensor of one sample */
/** @typedef {[number, number, number][]} Terms of one output: number of the input, place in it, weight */

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** Abramowitz and Stegun 1964, 7.1.26, is not close enough: the series of erf, and its continued fraction beyond. */
function erf(x) {
  const size = Math.abs(x);
  if (size > 5) return Math.sign(x);
  let term = size;
  let sum = size;
  for (let n = 1; Math.abs(term) > 1e-17 * sum && n < 200; n++) {
    term *= (-size * size) / n;
    sum += term / (2 * n + 1);
  }
  return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
}

const CURVES = {
  relu: (x) => Math.max(0, x),
  sigmoid,
  tanh: Math.tanh,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  exponential: Math.exp,
};

/** @param {string} name @param {Float32Array} values changed in place @param {number} last size of the last axis */
function activate(name, values, last) {
  if (name === "softmax") {
    for (let start = 0; start < values.length; start += last) {
      const row = values.subarray(start, start + last);
      const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
      let total = 0;
      for (let i = 0; i < last; i++) total += row[i] = Math.exp(row[i] - most);
      for (let i = 0; i < last; i++) row[i] /= total;
    }
  } else if (name) {
    const curve = CURVES[name];
    for (let i = 0; i < values.length; i++) values[i] = curve(values[i]);
  }
}

/** Shapes of maps as (rows, cols, channels); of sequences as one row. */
const maps = (shape) => (shape.length === 2 ? [1, ...shape] : shape);

/** Rows and columns of zeros before an image, where windows reach over its edges. */
function margins({ window, strides, dilation, same }, inner, outer) {
  return [0, 1].map((axis) => {
    if (!same) return 0;
    const reach = (window[axis] - 1) * dilation[axis] + 1;
    return Math.floor(Math.max(0, (outer[axis] - 1) * strides[axis] + reach - inner[axis]) / 2);
  });
}

/** Call `visit(place of the tap in the input, row and column of the tap)` for each tap of the window of an output. */
function taps(step, row, col, inner, before, visit) {
  const [rows, cols, channels] = inner;
  for (let u = 0; u < step.window[0]; u++) {
    const y = row * step.strides[0] + u * step.dilation[0] - before[0];
    if (y < 0 || y >= rows) continue;
    for (let v = 0; v < step.window[1]; v++) {
      const x = col * step.strides[1] + v * step.dilation[1] - before[1];
      if (x >= 0 && x < cols) visit((y * cols + x) * channels, u * step.window[1] + v);
    }
  }
}

/**
 * For each operation, `terms(step, inputs, place, shape)`: what one output is made of; with `sum` the output is the sum
 * of input × weight over the terms and the bias. Where `run` is there it does the same for all outputs at once.
 */
const OPERATIONS = {
  dense: {
    bias: (step, place) => step.weights[1]?.data[place % step.weights[0].shape[1]] ?? 0,
    terms({ weights: [kernel] }, _, place) {
      const [size, units] = kernel.shape;
      const unit = place % units;
      const start = ((place - unit) / units) * size;
      return Array.from({ length: size }, (__, i) => [0, start + i, kernel.data[i * units + unit]]);
    },
    run({ weights: [kernel, bias] }, [x], result) {
      const [size, units] = kernel.shape;
      for (let row = 0; row < result.length / units; row++) {
        const sums = new Float64Array(units);
        for (let i = 0; i < size; i++) {
          const value = x.data[row * size + i];
          if (value) for (let unit = 0; unit < units; unit++) sums[unit] += value * kernel.data[i * units + unit];
        }
        for (let unit = 0; unit < units; unit++) result[row * units + unit] = sums[unit] + (bias?.data[unit] ?? 0);
      }
    },
  },
  convolution: {
    bias: (step, place, shape) => step.weights[1]?.data[place % shape[shape.length - 1]] ?? 0,
    terms(step, [x], place, shape) {
      const [, cols, filters] = maps(shape);
      const [inner, kernel] = [maps(x.shape), step.weights[0].data];
      const filter = place % filters;
      const [row, col] = [Math.floor(place / filters / cols), Math.floor(place / filters) % cols];
      const found = [];
      taps(step, row, col, inner, margins(step, inner, maps(shape)), (start, tap) => {
        for (let c = 0; c < inner[2]; c++) found.push([0, start + c, kernel[(tap * inner[2] + c) * filters + filter]]);
      });
      return found;
    },
    run(step, [x], result, shape) {
      const [rows, cols, filters] = maps(shape);
      const [inner, kernel] = [maps(x.shape), step.weights[0].data];
      const before = margins(step, inner, maps(shape));
      const sums = new Float64Array(filters);
      for (let row = 0; row < rows; row++) {
        for (let col = 0; col < cols; col++) {
          sums.fill(0);
          taps(step, row, col, inner, before, (start, tap) => {
            for (let c = 0; c < inner[2]; c++) {
              const value = x.data[start + c];
              if (!value) continue;
              const at = (tap * inner[2] + c) * filters;
              for (let f = 0; f < filters; f++) sums[f] += value * kernel[at + f];
            }
          });
          const place = (row * cols + col) * filters;
          for (let f = 0; f < filters; f++) result[place + f] = sums[f] + (step.weights[1]?.data[f] ?? 0);
        }
      }
    },
  },
  depthwise: {
    bias: (step, place, shape) => step.weights[1]?.data[place % shape[2]] ?? 0,
    terms(step, [x], place, shape) {
      const [, cols, filters] = shape;
      const filter = place % filters;
      const each = filters / x.shape[2];
      const [row, col] = [Math.floor(place / filters / cols), Math.floor(place / filters) % cols];
      const found = [];
      taps(step, row, col, x.shape, margins(step, x.shape, shape), (start, tap) =>
        found.push([0, start + Math.floor(filter / each), step.weights[0].data[tap * filters + filter]]),
      );
      return found;
    },
  },
  largest: {
    terms: (step, [x], place, shape) => oneOf(windowTerms(step, x, place, shape), x),
    reads: (step, [x], place, shape) => windowTerms(step, x, place, shape),
  },
  mean: {
    terms(step, [x], place, shape) {
      const found = windowTerms(step, x, place, shape);
      return found.map(([input, from]) => [input, from, 1 / found.length]);
    },
  },
  largestOfAll: {
    terms: (_, [x], place) => oneOf(channelTerms(x, place), x),
    reads: (_, [x], place) => channelTerms(x, place),
  },
  meanOfAll: {
    terms(_, [x], place) {
      const found = channelTerms(x, place);
      return found.map(([input, from]) => [input, from, 1 / found.length]);
    },
  },
  copy: { terms: (_, __, place) => [[0, place, 1]] },
  relu: { curve: "relu", terms: (_, __, place) => [[0, place, 1]] },
  softmax: { curve: "softmax", terms: (_, __, place) => [[0, place, 1]] },
  affine: {
    bias: ({ weights: [, shift] }, place) => shift.data[place % shift.data.length],
    terms: ({ weights: [factor] }, _, place) => [[0, place, factor.data[place % factor.data.length]]],
  },
  pad: {
    terms({ before }, [x], place, [, cols, channels]) {
      const [row, col] = [Math.floor(place / channels / cols) - before[0], (Math.floor(place / channels) % cols) - before[1]];
      const inside = row >= 0 && col >= 0 && row < x.shape[0] && col < x.shape[1];
      return inside ? [[0, (row * x.shape[1] + col) * channels + (place % channels), 1]] : [];
    },
  },
  repeat: {
    terms({ times }, [x], place, [, cols, channels]) {
      const row = Math.floor(Math.floor(place / channels / cols) / times[0]);
      const col = Math.floor((Math.floor(place / channels) % cols) / times[1]);
      return [[0, (row * x.shape[1] + col) * channels + (place % channels), 1]];
    },
  },
  add: { terms: (_, inputs, place, shape) => inputs.map((x, i) => [i, spread(x.shape, shape, place), 1]) },
  multiply: {
    terms(_, inputs, place, shape) {
      const places = inputs.map((x) => spread(x.shape, shape, place));
      const others = inputs.slice(1).reduce((product, x, i) => product * x.data[places[i + 1]], 1);
      return [[0, places[0], others]];
    },
    reads: (_, inputs, place, shape) => inputs.map((x, i) => [i, spread(x.shape, shape, place), 1]),
  },
  join: {
    terms(_, inputs, place, shape) {
      const width = shape[shape.length - 1];
      let column = place % width;
      const row = (place - column) / width;
      for (let i = 0; ; i++) {
        const size = inputs[i].shape[inputs[i].shape.length - 1];
        if (column < size) return [[i, row * size + column, 1]];
        column -= size;
      }
    },
  },
  "look up": {
    bias: ({ weights: [table] }, place, shape, [x]) => {
      const width = table.shape[1];
      return table.data[x.data[Math.floor(place / width)] * width + (place % width)];
    },
    terms: () => [],
    reads: ({ weights: [table] }, _, place) => [[0, Math.floor(place / table.shape[1]), 1]],
  },
};

function windowTerms(step, x, place, shape) {
  const [, cols, channels] = maps(shape);
  const inner = maps(x.shape);
  const [row, col] = [Math.floor(place / channels / cols), Math.floor(place / channels) % cols];
  const found = [];
  const before = margins(step, inner, maps(shape));
  taps(step, row, col, inner, before, (start) => found.push([0, start + (place % channels), 1]));
  return found;
}

function channelTerms(x, place) {
  const channels = x.shape[x.shape.length - 1];
  return Array.from({ length: x.data.length / channels }, (_, i) => [0, i * channels + (place % channels), 1]);
}

function oneOf(found, x) {
  return found.length ? [found.reduce((best, term) => (x.data[term[1]] > x.data[best[1]] ? term : best))] : [];
}

/** Where a value of a repeated ("broadcast") input stands, for a place in the result. */
function spread(from, to, place) {
  let at = 0;
  let step = 1;
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const size = from[axis - to.length + from.length] ?? 1;
    if (size > 1) at += (place % to[axis]) * step;
    step *= size;
    place = Math.floor(place / to[axis]);
  }
  return at;
}

/** A model computed in the page. */
export class Engine {
  /** @param {import("lamina/cells.js").Node[]} nodes @param {Record<string, any>} steps operations by id of the node */
  constructor(nodes, steps) {
    this.nodes = nodes;
    this.steps = steps;
    for (const step of Object.values(steps)) {
      step.weights = step.weights?.map(({ shape, data }) => ({ shape, data: new Float32Array(bytes(data)) }));
    }
    /** @type {Map<string, Tensor>} */
    this.values = new Map();
  }

  /** @param {Float32Array} input all numbers of the input @returns {Map<string, Tensor>} the values of all nodes */
  run(input) {
    let start = 0;
    for (const node of this.nodes) {
      const size = count(node);
      const step = this.steps[node.id];
      if (!step) {
        this.values.set(node.id, { shape: node.shape, data: input.slice(start, (start += size)) });
        continue;
      }
      const data = this._sums(node, step);
      const last = node.shape[node.shape.length - 1] ?? 1;
      activate(step.activation || OPERATIONS[step.op].curve, data, last);
      this.values.set(node.id, { shape: node.shape, data });
    }
    return this.values;
  }

  _sums(node, step) {
    const operation = OPERATIONS[step.op];
    const inputs = this.inputs(node);
    const result = new Float32Array(count(node));
    if (operation.run) operation.run(step, inputs, result, node.shape);
    else for (let place = 0; place < result.length; place++) result[place] = this._sum(node, step, inputs, place);
    return result;
  }

  _sum(node, step, inputs, place) {
    const operation = OPERATIONS[step.op];
    const start = operation.bias?.(step, place, node.shape, inputs) ?? 0;
    return operation
      .terms(step, inputs, place, node.shape)
      .reduce((sum, [input, from, weight]) => sum + weight * inputs[input].data[from], start);
  }

  /** @param {import("lamina/cells.js").Node} node @returns {Tensor[]} */
  inputs(node) {
    return node.from.map((id) => this.values.get(id));
  }

  /** What a value is the sum of. @returns {{before: number, rest: number, terms: Terms}} */
  sum(node, place) {
    const step = this.steps[node.id];
    const inputs = this.inputs(node);
    const operation = OPERATIONS[step.op];
    return {
      before: this._sum(node, step, inputs, place),
      rest: operation.bias?.(step, place, node.shape, inputs) ?? 0,
      terms: operation.terms(step, inputs, place, node.shape),
    };
  }

  /** Which inputs a value depends on. @returns {Terms} */
  reads(node, place) {
    const operation = OPERATIONS[this.steps[node.id].op];
    const row = node.shape[node.shape.length - 1] ?? 1;
    const mixes = (this.steps[node.id].activation || operation.curve) === "softmax";
    const places = mixes ? Array.from({ length: row }, (_, i) => place - (place % row) + i) : [place];
    const reads = operation.reads ?? operation.terms;
    return places.flatMap((at) => reads(this.steps[node.id], this.inputs(node), at, node.shape));
  }
}
