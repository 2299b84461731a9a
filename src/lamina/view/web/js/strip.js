// A strip that compares two inputs, or two epochs: each layer as it was, as it is, and what has changed.

import { place, scale } from "lamina/colour.js";
import { make } from "lamina/format.js";

const SHOWN = 4; // planes of a layer
const NAMES = ["kept", "now", "change"];

/**
 * @param {HTMLElement} container
 * @param {import("lamina/cells.js").Node[]} nodes
 * @param {import("lamina/frame.js").Frame | null} kept nothing is shown without it
 * @param {import("lamina/frame.js").Frame} now
 * @param {import("lamina/frame.js").Frame} change
 */
export function strip(container, nodes, kept, now, change) {
  container.hidden = !kept;
  if (!kept) return;
  const head = make("div", { class: "column" }, make("b", {}, "\u00a0"), ...NAMES.map((name) => make("span", {}, name)));
  const columns = nodes
    .filter(({ id }) => kept.get(id)?.values.length === now.get(id)?.values.length)
    .map((node) => {
      const own = [kept, now].map((frame) => frame.get(node.id));
      const ends = own.map(({ values }) => scale(values));
      const range = scale(ends.flatMap(({ low, high }) => [low, high])); // one for both, so that they can be compared
      const pictures = [...own.map((shown) => picture(node, shown, range)), picture(node, change.get(node.id))];
      return make("div", { class: "column", "data-node": node.id }, make("b", { title: node.id }, node.name), ...pictures);
    });
  container.replaceChildren(head, ...columns);
}

/** The first planes of a layer, side by side. */
function picture(node, { rows, cols, chosen, values }, range = scale(values)) {
  const planes = Math.min(SHOWN, chosen.length);
  const canvas = make("canvas", { width: planes * cols, height: rows });
  const context = canvas.getContext("2d");
  const used = node.order ? Infinity : node.shape.reduce((a, b) => a * b, 1);
  for (let plane = 0; plane < planes; plane++) {
    const image = new ImageData(cols, rows);
    for (let i = 0; i < Math.min(rows * cols, used); i++) {
      const from = place(values[plane * rows * cols + i], range);
      image.data.set(range.table.subarray(from, from + 4), 4 * i);
    }
    context.putImageData(image, plane * cols, 0);
  }
  return canvas;
}
