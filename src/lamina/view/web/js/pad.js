// A pad to draw on. What is drawn is made as the digits were: fitted into a box, averaged, centred by its mass.

import { make } from "lamina/format.js";

const FINE = 10; // pixels of the pad for one of the model's
const BOX = 20 / 28; // of the side that a digit fills (LeCun et al. 1998)
const BRUSH = 2.1 / 28; // thickness of a stroke, of the side

/**
 * Scale and centre a drawing; each pixel is the mean of what it covers.
 * @param {ArrayLike<number>} ink darkness 0-1 of each fine pixel @param {number} width @param {number} height of it
 * @param {number} cols @param {number} rows of the result
 * @param {boolean} centred whether it is fitted and centred as the digits are
 * @returns {Float32Array} rows × cols values 0-1
 */
export function normalise(ink, width, height, cols, rows, centred) {
  const sums = new Float64Array((width + 1) * (height + 1));
  let [left, right, top, bottom, mass, momentX, momentY] = [width, 0, height, 0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = ink[y * width + x];
      const at = (y + 1) * (width + 1) + x + 1;
      sums[at] = value + sums[at - 1] + sums[at - width - 1] - sums[at - width - 2];
      if (value <= 0) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x + 1), Math.min(top, y), Math.max(bottom, y + 1)];
      mass += value;
      momentX += value * (x + 0.5);
      momentY += value * (y + 0.5);
    }
  }
  const result = new Float32Array(rows * cols);
  if (!mass) return result;
  const step = centred ? Math.max((right - left) / (BOX * cols), (bottom - top) / (BOX * rows)) : width / cols;
  const startX = centred ? momentX / mass - (cols / 2) * step : 0;
  const startY = centred ? momentY / mass - (rows / 2) * step : 0;

  /** Sum of the ink left of and above a point between pixels. */
  const before = (x, y) => {
    x = Math.min(width, Math.max(0, x));
    y = Math.min(height, Math.max(0, y));
    const [i, j] = [Math.min(width - 1, Math.floor(x)), Math.min(height - 1, Math.floor(y))];
    const [u, v] = [x - i, y - j];
    const at = j * (width + 1) + i;
    return (
      (1 - v) * ((1 - u) * sums[at] + u * sums[at + 1]) +
      v * ((1 - u) * sums[at + width + 1] + u * sums[at + width + 2])
    );
  };
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const [x, y] = [startX + col * step, startY + row * step];
      const covered = before(x + step, y + step) - before(x, y + step) - before(x + step, y) + before(x, y);
      result[row * cols + col] = Math.min(1, Math.max(0, covered / (step * step)));
    }
  }
  return result;
}

/**
 * @param {{shape: number[], low: number, high: number}} input
 * @param {(values: Float32Array) => void} changed called with the model's input after each stroke of the pointer
 */
export function pad(input, changed) {
  const [rows, cols] = input.shape;
  const canvas = make("canvas", { class: "pad", id: "pad", width: cols * FINE, height: rows * FINE, tabIndex: 0 });
  canvas.setAttribute("aria-label", "Drawing pad");
  canvas.style.aspectRatio = `${cols} / ${rows}`;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = BRUSH * canvas.width;
  context.strokeStyle = context.fillStyle = "#fff";
  let fitted = true;
  let last = null;

  const read = () => {
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const ink = new Float32Array(canvas.width * canvas.height);
    for (let i = 0; i < ink.length; i++) ink[i] = (data[4 * i + 3] / 255) * (data[4 * i] / 255);
    const values = normalise(ink, canvas.width, canvas.height, cols, rows, fitted);
    changed(values.map((value) => input.low + value * (input.high - input.low)));
  };
  const at = (event) => {
    const frame = canvas.getBoundingClientRect();
    return [
      ((event.clientX - frame.left) / frame.width) * canvas.width,
      ((event.clientY - frame.top) / frame.height) * canvas.height,
    ];
  };
  const stroke = (event) => {
    const [x, y] = at(event);
    context.beginPath();
    context.moveTo(...(last ?? [x - 0.01, y]));
    context.lineTo(x, y);
    context.stroke();
    last = [x, y];
  };
  let drawn = false; // a sample in the background goes away with the first stroke
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!drawn) context.clearRect(0, 0, canvas.width, canvas.height);
    drawn = true;
    last = null;
    stroke(event);
    read();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons || !last) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) stroke(part);
    read();
  });
  canvas.addEventListener("pointerup", () => (last = null));

  const clear = make("button", { id: "clear", textContent: "clear" });
  clear.addEventListener("click", () => {
    context.clearRect(0, 0, canvas.width, canvas.height);
    drawn = true;
    read();
  });
  const box = make("input", { type: "checkbox", id: "fitted", checked: true });
  box.addEventListener("change", () => {
    fitted = box.checked;
    if (drawn) read();
  });
  const label = make("label", { title: "Fit into a box and centre by mass, as the training digits were" }, box, " centre");
  const element = make("div", {}, canvas, make("div", { class: "row" }, clear, label));

  /** Show an input on the pad. @param {Float32Array} values */
  const show = (values) => {
    drawn = false;
    const picture = new ImageData(cols, rows);
    values.forEach((value, i) => {
      const grey = (255 * (value - input.low)) / (input.high - input.low);
      picture.data.set([grey, grey, grey, 255], 4 * i);
    });
    const plate = new OffscreenCanvas(cols, rows);
    plate.getContext("2d").putImageData(picture, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(plate, 0, 0, canvas.width, canvas.height);
  };
  return { element, show };
}
