// What the model saw: maps over the input for a class.

import { place, scale } from "lamina/colour.js";
import { make } from "lamina/format.js";

const KINDS = { grad_cam: "Grad-CAM", gradient: "gradient", occlusion: "occlusion" };

/** @param {HTMLElement} body @param {HTMLDetailsElement} details @param {any} app */
export function saw(body, details, app) {
  const { input, nodes } = app.told;
  const output = nodes[nodes.length - 1];
  if (!app.backend.saliency || input.shape.length !== 3 || app.told.inputs.length > 1 || output.shape.length !== 1) {
    details.hidden = true;
    return;
  }
  const choice = make("select", { id: "saw-kind" });
  for (const [kind, name] of Object.entries(KINDS)) choice.append(make("option", { value: kind, textContent: name }));
  choice.setAttribute("aria-label", "Kind of map");
  const canvas = make("canvas", { class: "map", id: "saw-map" });
  const note = make("p", { class: "soft" });
  const look = async () => {
    if (!details.open || app.top === undefined) return;
    try {
      const index = app.top;
      const map = await app.backend.saliency(choice.value, index);
      paint(canvas, map, app.values, input);
      note.textContent = `for ${app.told.classes?.[index] ?? `output ${index}`}. ${map.source}`;
      body.dataset.drawn = choice.value;
    } catch (error) {
      note.textContent = error.message;
    }
  };
  choice.addEventListener("change", look);
  details.addEventListener("toggle", look);
  const again = make("button", { textContent: "look again" });
  again.addEventListener("click", look);
  body.replaceChildren(make("div", { class: "row" }, choice, again), canvas, note);
}

/** Draw a map with the input shining through. */
function paint(canvas, { rows, cols, values }, sample, { shape: [height, width, channels], low, high }) {
  Object.assign(canvas, { width: width * 4, height: height * 4 });
  const range = scale(values);
  const map = new ImageData(cols, rows);
  values.forEach((value, i) => {
    const from = place(value, range);
    map.data.set(range.table.subarray(from, from + 4), 4 * i);
  });
  const plate = new OffscreenCanvas(cols, rows);
  plate.getContext("2d").putImageData(map, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = rows < height;
  context.drawImage(plate, 0, 0, canvas.width, canvas.height);
  const ink = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const grey = (255 * (sample[i * channels] - low)) / (high - low);
    ink.data.set([255, 255, 255, grey * 0.4], 4 * i);
  }
  const over = new OffscreenCanvas(width, height);
  over.getContext("2d").putImageData(ink, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(over, 0, 0, canvas.width, canvas.height);
}
