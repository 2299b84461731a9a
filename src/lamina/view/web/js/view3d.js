// The model in 3-D: layers as walls of cells, from left to right, to be walked around.

import {
  BufferGeometry,
  Float32BufferAttribute,
  Group,
  LineBasicMaterial,
  LineSegments,
  OrbitControls,
  PerspectiveCamera,
  Raycaster,
  Scene,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { levelOf, wall } from "lamina/cells.js";
import { bar, make, shape } from "lamina/format.js";
import { layout, shelves } from "lamina/layout.js";
import { Pace } from "lamina/pace.js";
import { Wall3D } from "lamina/wall3d.js";

const TURN = (52 * Math.PI) / 180; // of the walls, towards the input
const SHELF = 2.4; // room for the labels under a row of walls
const LOOK = new Vector3(0.06, 0.14, 1).normalize(); // from the middle of the scene to the eye

export class View3D {
  /**
   * @param {HTMLElement} container
   * @param {{point: Function, choose: Function}} listener told what is pointed at and clicked: (node, cell, event)
   */
  constructor(container, listener) {
    this.container = container;
    this.listener = listener;
    this.stacked = false;
    /** @type {Map<string, Wall3D>} */
    this.walls = new Map();
    this.renderer = new WebGLRenderer({ antialias: graphics() === "card", alpha: true });
    this.renderer.setPixelRatio(sharpness());
    container.append(this.renderer.domElement);
    this.labels = make("div");
    container.append(this.labels);
    this.camera = new PerspectiveCamera(32, 1, 0.1, 4000);
    this.scene = new Scene();
    this.lines = new Group();
    this.edges = new LineSegments(
      new BufferGeometry(),
      new LineBasicMaterial({ color: 0x808a99, transparent: true, opacity: 0.55 }),
    );
    this.scene.add(this.lines, this.edges);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    this.controls.addEventListener("change", () => this.draw());
    this.controls.addEventListener("start", () => (this.pace = new Pace()));
    this.controls.addEventListener("end", () => this.rest());
    this.frames = 0;
    this._listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(container);
  }

  /**
   * Show nodes; their values come later.
   * @param {import("lamina/cells.js").Node[]} nodes
   * @param {import("lamina/frame.js").Frame | null} frame levels are taken from it, if it is there
   */
  async build(nodes, frame) {
    const levels = new Map(nodes.map((node) => [node.id, levelOf(node, frame)]));
    const sizes = new Map([...levels].map(([id, level]) => [id, wall(level, this.stacked)]));
    const boxes = nodes.map(({ id }) => {
      const { width, depth } = sizes.get(id);
      const flat = width * Math.cos(TURN) + depth * Math.sin(TURN);
      return { id, width: flat, height: width * Math.sin(TURN) + depth * Math.cos(TURN) };
    });
    const edges = /** @type {[string, string][]} */ (
      nodes.flatMap((node) => node.from.filter((id) => levels.has(id)).map((id) => [id, node.id]))
    );
    const ranks = await layout(boxes, edges, 1.7, 2);
    const tallest = (ids) => Math.max(...ids.map((id) => sizes.get(id).height)) + SHELF;
    const { clientWidth, clientHeight } = this.container;
    const places = shelves(boxes, ranks, clientWidth / clientHeight, tallest);
    this.clear();
    for (const node of nodes) {
      const built = new Wall3D(node, levels.get(node.id), this.stacked);
      const { x, y, top } = places[node.id];
      built.group.position.set(x, -top - sizes.get(node.id).height / 2, y);
      built.group.rotation.y = TURN;
      built.group.updateMatrixWorld(true);
      this.walls.set(node.id, built);
      this.scene.add(built.group);
      const label = make("div", { class: "label" }, make("b", { textContent: node.name }));
      label.append(make("span", { textContent: shape(node.shape) }));
      this.labels.append(label);
      built.label = label;
    }
    this._join(edges);
    this.fit();
  }

  /** Draw who feeds whom. @param {[string, string][]} edges */
  _join(edges) {
    const points = [];
    for (const [from, to] of edges) {
      const [a, b] = [this.walls.get(from), this.walls.get(to)];
      const ends = [a.group.localToWorld(new Vector3(a.wall.width / 2, 0, 0)), b.group.localToWorld(new Vector3(-b.wall.width / 2, 0, 0))];
      for (const end of ends) points.push(end.x, end.y, end.z);
    }
    this.edges.geometry.setAttribute("position", new Float32BufferAttribute(points, 3));
    this.edges.geometry.computeBoundingSphere();
  }

  clear() {
    for (const wall of this.walls.values()) {
      this.scene.remove(wall.group);
      wall.dispose();
    }
    this.walls.clear();
    this.labels.replaceChildren();
    this.connect([]);
  }

  /** @param {import("lamina/frame.js").Frame} frame @returns {boolean} whether all nodes could take their values */
  show(frame) {
    for (const [id, wall] of this.walls) {
      const shown = frame.get(id);
      if (!shown) continue;
      if (shown.rows !== wall.level.rows || shown.chosen.length !== wall.level.chosen.length) return false;
      wall.level = shown;
      wall.show(shown.values);
    }
    this.draw();
    return true;
  }

  /** @param {boolean} stacked */
  arrange(stacked) {
    this.stacked = stacked;
  }

  /** @param {Map<string, Set<number>> | null} marks cells to light up, by node */
  mark(marks) {
    for (const [id, wall] of this.walls) wall.mark(marks && (marks.get(id) ?? new Set()));
    this.draw();
  }

  /** @param {{from: [string, number], to: [string, number], colour: number[], strength: number}[]} links */
  connect(links) {
    for (const line of [...this.lines.children]) {
      this.lines.remove(line);
      line.geometry.dispose();
      line.material.dispose();
    }
    const points = [];
    const colours = [];
    for (const { from, to, colour, strength } of links) {
      if (!this.walls.has(from[0]) || !this.walls.has(to[0])) continue;
      const ends = [this.walls.get(from[0]).placeOf(from[1]), this.walls.get(to[0]).placeOf(to[1])];
      for (const end of ends) {
        points.push(end.x, end.y, end.z);
        colours.push(...colour.map((byte) => byte / 255), 0.12 + 0.78 * strength);
      }
    }
    if (points.length) {
      const geometry = new BufferGeometry();
      geometry.setAttribute("position", new Float32BufferAttribute(points, 3));
      geometry.setAttribute("color", new Float32BufferAttribute(colours, 4));
      const material = new LineBasicMaterial({ vertexColors: true, transparent: true, depthTest: false });
      this.lines.add(new LineSegments(geometry, material));
    }
    this.draw();
  }

  /** Show the time of each layer as the height of a bar. @param {Record<string, number>} times [seconds] */
  rise(times) {
    const most = Math.max(...Object.values(times));
    for (const [id, { label }] of this.walls) {
      label.querySelector("i")?.remove();
      if (times[id]) label.prepend(bar(times[id] / most));
    }
  }

  /** Let the label of a node stand out. @param {string | null} id */
  name(id) {
    for (const [other, wall] of this.walls) wall.label.classList.toggle("chosen", other === id);
  }

  /** Move the eye so that some nodes, or all, are seen. @param {string[]} [ids] */
  fit(ids) {
    const seen = [...this.walls.values()].filter((wall) => !ids || ids.includes(wall.node.id));
    if (!seen.length) return;
    this._fitted = ids ?? null;
    const corners = seen.flatMap(({ wall, group }) =>
      [-0.5, 0.5].flatMap((x) =>
        [-0.5, 0.62].flatMap((y) =>
          [-0.5, 0.5].map((z) => group.localToWorld(new Vector3(x * wall.width, y * wall.height - 0.4, z * wall.depth))),
        ),
      ),
    );
    const target = corners.reduce((sum, corner) => sum.add(corner), new Vector3()).divideScalar(corners.length);
    const back = LOOK;
    const right = new Vector3(0, 1, 0).cross(back).normalize();
    const up = back.clone().cross(right);
    const tan = Math.tan((this.camera.fov * Math.PI) / 360);
    let distance = 4;
    for (let pass = 0; pass < 3; pass++) {
      const seenFrom = corners.map((corner) => {
        const d = corner.clone().sub(target);
        return { x: d.dot(right), y: d.dot(up), depth: d.dot(back) };
      });
      const needed = seenFrom.map(({ x, y, depth }) => depth + Math.max(Math.abs(x) / this.camera.aspect, Math.abs(y)) / tan);
      distance = Math.max(4, ...needed);
      const xs = seenFrom.map(({ x, depth }) => x / (distance - depth));
      const ys = seenFrom.map(({ y, depth }) => y / (distance - depth));
      if (pass === 2) break;
      target.addScaledVector(right, ((Math.min(...xs) + Math.max(...xs)) / 2) * distance);
      target.addScaledVector(up, ((Math.min(...ys) + Math.max(...ys)) / 2) * distance);
    }
    this.controls.target.copy(target);
    this.camera.position.copy(target).addScaledVector(back, distance * 1.06);
    this.controls.update();
    this.draw();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.container;
    if (!width || !height) return;
    this.renderer.setSize(width, height);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.fit(this._fitted ?? undefined);
  }

  /** After a movement: draw as sharp as the screen is. */
  rest() {
    this.pace = null;
    this.renderer.setPixelRatio(sharpness());
    this.draw();
  }

  /** Draw once, before the next picture of the screen. */
  draw() {
    this._waiting ??= requestAnimationFrame(() => {
      this._waiting = null;
      const share = this.pace?.share(performance.now());
      if (share) this.renderer.setPixelRatio(share * sharpness());
      this.renderer.render(this.scene, this.camera);
      this._placeLabels();
      this.frames += 1;
    });
  }

  _placeLabels() {
    const { clientWidth: width, clientHeight: height } = this.container;
    const at = new Vector3();
    for (const { group, wall, label } of this.walls.values()) {
      at.set(0, -wall.height / 2 - 0.25, 0);
      group.localToWorld(at).project(this.camera);
      label.hidden = at.z > 1 || Math.abs(at.x) > 1.1 || Math.abs(at.y) > 1.1;
      const x = ((at.x + 1) / 2) * width;
      const y = ((1 - at.y) / 2) * height;
      label.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translateX(-50%)`;
    }
  }

  /** @param {{clientX: number, clientY: number}} event @returns {{id: string, cell: number} | null} */
  at(event) {
    const frame = this.renderer.domElement.getBoundingClientRect();
    const pointer = new Vector2(
      ((event.clientX - frame.left) / frame.width) * 2 - 1,
      1 - ((event.clientY - frame.top) / frame.height) * 2,
    );
    const caster = new Raycaster();
    caster.setFromCamera(pointer, this.camera);
    let best = null;
    for (const [id, wall] of this.walls) {
      const hit = wall.hit(caster.ray);
      if (hit && (!best || hit.distance < best.distance)) best = { id, ...hit };
    }
    return best;
  }

  /** Where a cell is on the screen. @param {string} id @param {number} cell @returns {{x: number, y: number}} */
  screenOf(id, cell) {
    const at = this.walls.get(id).placeOf(cell).project(this.camera);
    const frame = this.renderer.domElement.getBoundingClientRect();
    return { x: frame.left + ((at.x + 1) / 2) * frame.width, y: frame.top + ((1 - at.y) / 2) * frame.height };
  }

  _listen() {
    const canvas = this.renderer.domElement;
    let pressed = null;
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons) this.listener.point(this.at(event), event);
    });
    canvas.addEventListener("pointerleave", (event) => this.listener.point(null, event));
    canvas.addEventListener("pointerdown", (event) => (pressed = [event.clientX, event.clientY]));
    canvas.addEventListener("pointerup", (event) => {
      const moved = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 4;
      if (pressed && !moved) this.listener.choose(this.at(event), event);
      pressed = null;
    });
    canvas.addEventListener("dblclick", (event) => {
      const hit = this.at(event);
      if (!hit) return;
      this.fit([hit.id]);
      this.listener.near(hit.id);
    });
  }

  dispose() {
    this.clear();
    this.observer.disconnect();
    this.controls.dispose();
    this.renderer.dispose();
    this.container.replaceChildren();
  }
}

const sharpness = () => Math.min(2, devicePixelRatio);

let found = /** @type {"card" | "processor" | "" | undefined} */ (undefined);

/** @returns {"card" | "processor" | ""} what draws in 3-D; "" if nothing does */
export function graphics() {
  if (found !== undefined) return found;
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return (found = "");
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const name = info ? context.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return (found = /swiftshader|llvmpipe|software|basic render/i.test(name) ? "processor" : "card");
}
