// Cells and indices: which value of a layer each cell that is shown stands for, and where on a wall it lies.

/**
 * A layer, an input, or a folded block, as the server describes it.
 * @typedef {object} Node
 * @property {string} id
 * @property {string} name
 * @property {string} kind
 * @property {number[]} shape of one sample
 * @property {string[]} from ids of the nodes that feed it
 * @property {string} group id of the block it belongs to
 * @property {number} parameters
 * @property {string} activation
 * @property {string} formula
 * @property {number} planes
 * @property {number} rows
 * @property {number} cols
 * @property {Level | null} level what is shown of it at first; null inside of folded blocks
 * @property {number[] | null} order axes that go to planes, rows and columns; null where one row is wrapped
 */

/**
 * What is shown of a node: chosen planes of averaged blocks.
 * @typedef {{chosen: number[], block: number, rows: number, cols: number}} Level
 */

/** @param {Node} node @returns {Level} */
export function wholeLevel(node) {
  const chosen = Array.from({ length: Math.min(node.planes, 256) }, (_, i) => i);
  return { chosen, block: 1, rows: node.rows, cols: node.cols };
}

/** @param {Node} node @param {import("lamina/frame.js").Frame | null} frame @returns {Level} what is shown of it, or will be */
export function levelOf(node, frame) {
  return frame?.get(node.id) ?? node.level ?? wholeLevel(node);
}

/**
 * The index, in the sample, of the first value that a cell stands for.
 * @param {Node} node @param {Level} level @param {number} cell
 * @returns {number[] | null} null for the empty cells at the end of a wrapped row
 */
export function indexOf(node, level, cell) {
  const area = level.rows * level.cols;
  const row = Math.floor((cell % area) / level.cols) * level.block;
  const col = ((cell % area) % level.cols) * level.block;
  if (!node.order) {
    const flat = row * node.cols + col;
    return flat < count(node) ? (node.shape.length ? [flat] : []) : null;
  }
  const index = new Array(node.shape.length);
  const axes = node.order;
  index[axes[axes.length - 1]] = col;
  index[axes[axes.length - 2]] = row;
  let plane = level.chosen[Math.floor(cell / area)];
  for (let i = axes.length - 3; i >= 0; i--) {
    index[axes[i]] = plane % node.shape[axes[i]];
    plane = Math.floor(plane / node.shape[axes[i]]);
  }
  return index;
}

/** @param {Node} node @param {Level} level @param {number[]} index @returns {number} the cell; -1 if it is not shown */
export function cellOf(node, level, index) {
  let plane = 0;
  let row;
  let col;
  if (node.order) {
    const axes = node.order;
    for (let i = 0; i < axes.length - 2; i++) plane = plane * node.shape[axes[i]] + index[axes[i]];
    row = index[axes[axes.length - 2]];
    col = index[axes[axes.length - 1]];
  } else {
    const flat = index[0] ?? 0;
    row = Math.floor(flat / node.cols);
    col = flat % node.cols;
  }
  const shown = level.chosen.length === node.planes ? plane : level.chosen.indexOf(plane);
  if (shown < 0) return -1;
  return (shown * level.rows + Math.floor(row / level.block)) * level.cols + Math.floor(col / level.block);
}

/** @param {Node} node @returns {number} values of one sample */
export function count(node) {
  return node.shape.reduce((a, b) => a * b, 1);
}

/** @param {number[]} shape @param {number[]} index @returns {number} place in row-major order */
export function flatOf(shape, index) {
  return shape.reduce((flat, size, axis) => flat * size + index[axis], 0);
}

/** @param {number[]} shape @param {number} flat @returns {number[]} */
export function unflatten(shape, flat) {
  const index = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}

const LARGEST_CELL = 0.62;
const WIDEST = 9;
const TALLEST = 8;
const GAP = 0.14; // between planes, as a share of a plane

/**
 * Where the cells of a node lie on its wall, in units of the scene, from the middle; y points up.
 * @typedef {object} Wall
 * @property {number} width
 * @property {number} height
 * @property {number} depth
 * @property {number} planeWidth
 * @property {number} planeHeight
 * @property {[number, number, number][]} offsets middles of the planes
 */

/** @param {Level} level @param {boolean} stacked channels one behind the other, or side by side @returns {Wall} */
export function wall(level, stacked) {
  const planes = level.chosen.length;
  const { rows, cols } = level;
  const across = stacked ? 1 : Math.min(planes, Math.max(1, Math.round(Math.sqrt((planes * rows) / cols))));
  const down = stacked ? 1 : Math.ceil(planes / across);
  const gap = planes > 1 ? GAP : 0;
  const size = stacked && planes > 1 ? 0.72 : 1;
  const cellX = Math.min(LARGEST_CELL, (size * WIDEST) / (cols * (across + gap * (across - 1))));
  const cellY = Math.min(LARGEST_CELL, (size * TALLEST) / (rows * (down + gap * (down - 1))));
  const even = Math.max(cellX, cellY) < 4 * Math.min(cellX, cellY);
  const cell = Math.min(cellX, cellY);
  const planeWidth = cols * (even ? cell : cellX);
  const planeHeight = rows * (even ? cell : cellY);
  const stepX = planeWidth * (1 + gap);
  const stepY = planeHeight * (1 + gap);
  const stepZ = stacked && planes > 1 ? Math.min(0.5, 5 / planes) : 0;
  const offsets = /** @type {[number, number, number][]} */ (
    level.chosen.map((_, i) =>
      stacked
        ? [0, 0, ((planes - 1) / 2 - i) * stepZ]
        : [((i % across) - (across - 1) / 2) * stepX, ((down - 1) / 2 - Math.floor(i / across)) * stepY, 0],
    )
  );
  return {
    width: stepX * (across - 1) + planeWidth,
    height: stepY * (down - 1) + planeHeight,
    depth: stepZ * (planes - 1),
    planeWidth,
    planeHeight,
    offsets,
  };
}

/** @param {Wall} where @param {Level} level @param {number} cell @returns {[number, number, number]} its middle */
export function middleOf(where, level, cell) {
  const area = level.rows * level.cols;
  const [x, y, z] = where.offsets[Math.floor(cell / area)];
  const row = Math.floor((cell % area) / level.cols);
  const col = (cell % area) % level.cols;
  return [
    x + ((col + 0.5) / level.cols - 0.5) * where.planeWidth,
    y - ((row + 0.5) / level.rows - 0.5) * where.planeHeight,
    z,
  ];
}

/**
 * The cell at a point of a plane.
 * @param {Wall} where @param {Level} level @param {number} plane @param {number} x @param {number} y
 * @returns {number} -1 if the point is beside the plane
 */
export function cellAt(where, level, plane, x, y) {
  const [left, top] = where.offsets[plane];
  const col = Math.floor(((x - left) / where.planeWidth + 0.5) * level.cols);
  const row = Math.floor((0.5 - (y - top) / where.planeHeight) * level.rows);
  if (col < 0 || row < 0 || col >= level.cols || row >= level.rows) return -1;
  return (plane * level.rows + row) * level.cols + col;
}
