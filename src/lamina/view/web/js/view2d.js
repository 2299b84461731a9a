// The model in 2-D: a card with pictures for each layer, shapes on the lines between them. Needs no WebGL.

import { cellAt, levelOf, middleOf, wall } from "lamina/cells.js";
import { place, scale } from "lamina/colour.js";
import { bar, make, shape } from "lamina/format.js";
import { layout, shelves } from "lamina/layout.js";

const PIXELS = 22; // of a unit of the scene
const MARGIN = 8;
const HEAD = 66;

export class View2D {
  /** @param {HTMLElement} container @param {{point: Function, choose: Function}} listener */
  constructor(container, listener) {
    this.container = container;
    this.listener = listener;
    this.stacked = false;
    /** @type {Map<string, any>} */
    this.cards = new Map();
    this.sheet = make("div", { class: "sheet" });
    container.append(make("div", { class: "flat" }, this.sheet));
    this.frames = 0;
  }

  /** @param {import("lamina/cells.js").Node[]} nodes @param {import("lamina/frame.js").Frame | null} frame */
  async build(nodes, frame) {
    const cards = new Map();
    for (const node of nodes) {
      const level = levelOf(node, frame);
      const where = wall(level, false);
      const width = Math.max(96, where.width * PIXELS) + 2 * MARGIN;
      cards.set(node.id, { node, level, wall: where, width, height: where.height * PIXELS + HEAD + MARGIN });
    }
    const boxes = [...cards].map(([id, { width, height }]) => ({ id, width, height }));
    const edges = /** @type {[string, string][]} */ (
      nodes.flatMap((node) => node.from.filter((id) => cards.has(id)).map((id) => [id, node.id]))
    );
    const ranks = await layout(boxes, edges, 64, 24);
    const { clientWidth: width, clientHeight: height } = this.container;
    const tallest = Math.max(...boxes.map((box) => ranks[box.id].y + box.height / 2));
    const longest = Math.max(...boxes.map((box) => ranks[box.id].x + box.width / 2));
    const rows = Math.max(1, Math.ceil(longest / (width - 32)));
    const places = shelves(boxes, ranks, width / height, () => tallest + 24, rows);
    for (const place of Object.values(places)) place.y += place.top;
    this.clear();
    this.cards = cards;
    const right = Math.max(...boxes.map((box) => places[box.id].x + box.width / 2));
    const bottom = Math.max(...boxes.map((box) => places[box.id].y + box.height / 2));
    Object.assign(this.sheet.style, { width: `${right}px`, height: `${bottom}px` });
    this.sheet.append(this._lines(edges, places, right, bottom));
    for (const [id, card] of cards) this._card(card, places[id]);
  }

  _lines(edges, places, right, bottom) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("width", right);
    svg.setAttribute("height", bottom);
    for (const [from, to] of edges) {
      const [a, b] = [this.cards.get(from), this.cards.get(to)];
      const [x1, y1, x2, y2] = [places[from].x + a.width / 2, places[from].y, places[to].x - b.width / 2, places[to].y];
      const middle = (x1 + x2) / 2;
      const path = document.createElementNS(svg.namespaceURI, "path");
      path.setAttribute("d", `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`);
      const text = document.createElementNS(svg.namespaceURI, "text");
      text.setAttribute("x", String(middle));
      text.setAttribute("y", String((y1 + y2) / 2 - 6));
      text.textContent = shape(a.node.shape);
      svg.append(path, text);
    }
    return svg;
  }

  _card(card, { x, y }) {
    const { node, wall: where } = card;
    const ratio = Math.min(2, devicePixelRatio);
    card.canvas = make("canvas", { width: where.width * PIXELS * ratio, height: where.height * PIXELS * ratio });
    Object.assign(card.canvas.style, { width: `${where.width * PIXELS}px`, height: `${where.height * PIXELS}px` });
    const title = make("header", { title: node.id }, node.name);
    for (const text of [node.kind, shape(node.shape)]) title.append(make("span", { textContent: text }));
    card.element = make("div", { class: "card" }, title, card.canvas);
    const style = { left: `${x - card.width / 2}px`, top: `${y - card.height / 2}px`, width: `${card.width}px` };
    Object.assign(card.element.style, style);
    this.sheet.append(card.element);
    const hit = (event) => this._hit(card, event);
    card.canvas.addEventListener("pointermove", (event) => this.listener.point(hit(event), event));
    card.canvas.addEventListener("pointerleave", (event) => this.listener.point(null, event));
    card.canvas.addEventListener("click", (event) => this.listener.choose(hit(event), event));
  }

  _hit({ node, level, wall: where, canvas }, event) {
    const frame = canvas.getBoundingClientRect();
    const x = ((event.clientX - frame.left) / frame.width - 0.5) * where.width;
    const y = (0.5 - (event.clientY - frame.top) / frame.height) * where.height;
    for (let plane = 0; plane < where.offsets.length; plane++) {
      const cell = cellAt(where, level, plane, x, y);
      if (cell >= 0) return { id: node.id, cell };
    }
    return null;
  }

  clear() {
    this.cards.clear();
    this.sheet.replaceChildren();
  }

  /** @param {import("lamina/frame.js").Frame} frame @returns {boolean} whether all nodes could take their values */
  show(frame) {
    for (const [id, card] of this.cards) {
      const shown = frame.get(id);
      if (!shown) continue;
      if (shown.rows !== card.level.rows || shown.chosen.length !== card.level.chosen.length) return false;
      card.level = shown;
      this._paint(card);
    }
    this.frames += 1;
    return true;
  }

  arrange() {}

  _paint(card) {
    const { level, canvas, wall: where, marks } = card;
    if (!level.values) return;
    const { rows, cols } = level;
    const range = scale(level.values);
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    const picture = new ImageData(cols, rows);
    const plate = new OffscreenCanvas(cols, rows);
    const used = card.node.order ? Infinity : card.node.shape.reduce((a, b) => a * b, 1);
    const unit = canvas.width / where.width;
    for (let plane = 0; plane < where.offsets.length; plane++) {
      for (let i = 0; i < rows * cols; i++) {
        const cell = plane * rows * cols + i;
        const from = place(level.values[cell], range);
        const shade = marks && !marks.has(cell) ? 0.35 : 1;
        for (let byte = 0; byte < 3; byte++) picture.data[4 * i + byte] = range.table[from + byte] * shade;
        picture.data[4 * i + 3] = i < used ? 255 : 0;
      }
      plate.getContext("2d").putImageData(picture, 0, 0);
      const [x, y] = where.offsets[plane];
      const left = (x - where.planeWidth / 2 + where.width / 2) * unit;
      const top = (where.height / 2 - y - where.planeHeight / 2) * unit;
      context.drawImage(plate, left, top, where.planeWidth * unit, where.planeHeight * unit);
    }
  }

  mark(marks) {
    for (const [id, card] of this.cards) {
      card.marks = marks && (marks.get(id) ?? new Set());
      this._paint(card);
    }
  }

  connect() {}

  /** Show the time of each layer as the height of a bar. @param {Record<string, number>} times [seconds] */
  rise(times) {
    const most = Math.max(...Object.values(times));
    for (const [id, { element }] of this.cards) {
      element.querySelector("i")?.remove();
      if (times[id]) element.append(bar(times[id] / most));
    }
  }

  name(id) {
    for (const [other, card] of this.cards) card.element.classList.toggle("chosen", other === id);
  }

  fit(ids) {
    if (ids?.length && this.cards.has(ids[0])) {
      this.cards.get(ids[0]).element.scrollIntoView({ block: "nearest", inline: "center" });
    } else this.sheet.parentElement.scrollTo(0, 0);
  }

  /** Where a cell is on the screen. @param {string} id @param {number} cell @returns {{x: number, y: number}} */
  screenOf(id, cell) {
    const { wall: where, level, canvas } = this.cards.get(id);
    const [x, y] = middleOf(where, level, cell);
    const frame = canvas.getBoundingClientRect();
    return {
      x: frame.left + (x / where.width + 0.5) * frame.width,
      y: frame.top + (0.5 - y / where.height) * frame.height,
    };
  }

  draw() {}

  dispose() {
    this.clear();
    this.container.replaceChildren();
  }
}
