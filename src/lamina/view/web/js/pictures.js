// Kernels, or who attends to whom, as pictures.

import { place, scale } from "lamina/colour.js";
import { make } from "lamina/format.js";

/** Several pictures on one scale. @param {{title: string, shape: number[], values: number[][][]}} told */
export function pictures({ title, shape: [rows, cols], values }) {
  const flat = values.flat(2);
  const range = scale(flat);
  const list = make("div", { class: "kernels" });
  for (const one of values) {
    const canvas = make("canvas", { width: cols, height: rows, class: rows > 12 ? "large" : "" });
    const picture = new ImageData(cols, rows);
    one.flat().forEach((value, i) => {
      const from = place(value, range);
      picture.data.set(range.table.subarray(from, from + 4), 4 * i);
    });
    canvas.getContext("2d").putImageData(picture, 0, 0);
    list.append(canvas);
  }
  return make("div", {}, make("h2", {}, title), list);
}
