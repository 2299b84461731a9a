// The scale of a layer's colours.

import { scale } from "lamina/colour.js";
import { make, number } from "lamina/format.js";

/** @param {HTMLElement} container @param {import("lamina/cells.js").Node} node @param {import("lamina/frame.js").Frame} frame */
export function legend(container, node, frame) {
  const values = frame?.get(node.id)?.values;
  if (!values) return;
  const range = scale(values);
  const canvas = make("canvas", { width: 256, height: 1 });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(range.table), 256, 1), 0, 0);
  container.replaceChildren(
    make("span", { class: "name", textContent: node.name }),
    make("span", { textContent: number(range.low) }),
    canvas,
    make("span", { textContent: number(range.high) }),
  );
}
