// What the model is given: drawn, uploaded, typed, set by sliders, or one of the samples.

import { make, number } from "lamina/format.js";
import { pad } from "lamina/pad.js";
import { tokens } from "lamina/words.js";

const MOST_BYTES = 20 * 2 ** 20; // of a picture
const SHOWN_SAMPLES = 60;

/**
 * @param {HTMLElement} container
 * @param {any} told the description of the model
 * @param {{changed: (values: Float32Array) => void, sample: (number: number) => Promise<Float32Array>,
 *   complain: (text: string) => void}} app
 */
export function inputs(container, told, app) {
  const { input } = told;
  const makers = { drawing: pad, image: picture, table: sliders, tokens };
  const control = makers[input.kind]?.(input, app.changed, app) ?? { element: make("div"), show() {} };
  container.replaceChildren(control.element);
  if (input.kind === "drawing" || input.kind === "image") container.append(upload(input, control, app));
  container.append(samples(told, control, app));
  return control;
}

/** Pictures of the samples to click on. */
function samples(told, control, app) {
  const list = make("div", { class: "samples", role: "group", "aria-label": "Samples" });
  for (let i = 0; i < Math.min(told.samples, SHOWN_SAMPLES); i++) {
    const button = make("button", { title: `sample ${i}`, "aria-pressed": "false" }, String(i));
    button.addEventListener("click", async () => {
      for (const other of list.children) other.setAttribute("aria-pressed", String(other === button));
      const values = await app.sample(i);
      control.show(values);
      app.changed(values);
    });
    list.append(button);
    if (told.input.kind === "drawing") {
      app.sample(i).then((values) => button.replaceChildren(thumbnail(values, told.input)));
    }
  }
  return list;
}

function thumbnail(values, { shape: [rows, cols, channels], low, high }) {
  const canvas = make("canvas", { width: cols, height: rows });
  const picture = new ImageData(cols, rows);
  for (let i = 0; i < rows * cols; i++) {
    for (let c = 0; c < 3; c++) {
      const value = values[i * channels + (channels === 3 ? c : 0)];
      picture.data[4 * i + c] = (255 * (value - low)) / (high - low);
    }
    picture.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

function picture(input) {
  const element = make("div");
  const show = (values) => {
    const canvas = thumbnail(values, input);
    canvas.className = "map";
    element.replaceChildren(canvas);
  };
  return { element, show };
}

/** A button that reads a picture file, in the page: nothing is sent before it is numbers of the right shape. */
function upload(input, control, app) {
  const [rows, cols, channels] = input.shape;
  const chooser = make("input", { type: "file", id: "upload", accept: "image/*", hidden: true });
  const button = make("button", { textContent: "open a picture…" });
  button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", async () => {
    const file = chooser.files[0];
    chooser.value = "";
    if (!file) return;
    if (file.size > MOST_BYTES) {
      app.complain(`${file.name} is ${Math.round(file.size / 2 ** 20)} MB large; pictures up to 20 MB are read. Nothing was changed.`);
      return;
    }
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      app.complain(`${file.name} is not a picture that this browser can read. Nothing was changed.`);
      return;
    }
    const side = Math.min(bitmap.width / cols, bitmap.height / rows);
    const plate = new OffscreenCanvas(cols, rows).getContext("2d");
    plate.imageSmoothingQuality = "high";
    const [width, height] = [side * cols, side * rows];
    plate.drawImage(bitmap, (bitmap.width - width) / 2, (bitmap.height - height) / 2, width, height, 0, 0, cols, rows);
    const { data } = plate.getImageData(0, 0, cols, rows);
    const values = new Float32Array(rows * cols * channels);
    for (let i = 0; i < rows * cols; i++) {
      const rgb = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
      const grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
      for (let c = 0; c < channels; c++) {
        values[i * channels + c] = input.low + ((channels === 3 ? rgb[c] : grey) / 255) * (input.high - input.low);
      }
    }
    control.show(values);
    app.changed(values);
  });
  return make("div", { class: "row" }, button, chooser);
}

function sliders(input, changed) {
  const element = make("div");
  const values = new Float32Array(input.shape[0]);
  const parts = [...values].map((_, i) => {
    const [min, max] = input.ranges[i];
    const range = make("input", { type: "range", min, max, step: (max - min) / 200 });
    range.setAttribute("aria-label", `value ${i}`);
    const shown = make("output", { class: "mono" });
    range.addEventListener("input", () => {
      values[i] = Number(range.value);
      shown.textContent = number(values[i]);
      changed(values.slice());
    });
    element.append(make("label", { class: "slider" }, make("span", { class: "mono" }, `[${i}]`), range, shown));
    return { range, shown };
  });
  const show = (sample) => {
    values.set(sample);
    parts.forEach(({ range, shown }, i) => {
      range.value = String(sample[i]);
      shown.textContent = number(sample[i]);
    });
  };
  return { element, show };
}
