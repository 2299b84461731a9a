// One layer in 3-D: its planes as instances of a square, its values as a texture, its colours by a shader.

import {
  DataTexture,
  FloatType,
  Group,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  NearestFilter,
  PlaneGeometry,
  RGBAFormat,
  RedFormat,
  ShaderMaterial,
  Vector2,
} from "three";
import { cellAt, middleOf, wall } from "lamina/cells.js";
import { TABLES, scale } from "lamina/colour.js";

const VERTEX = `
  attribute vec3 offset;
  attribute float plane;
  uniform vec2 size;
  varying vec2 place;
  flat varying float shownPlane;
  void main() {
    place = uv;
    shownPlane = plane;
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position * vec3(size, 1.0) + offset, 1.0);
  }
`;

const FRAGMENT = `
  precision highp float;
  uniform sampler2D values;
  uniform sampler2D marks;
  uniform sampler2D colours;
  uniform vec2 cells; // columns, rows
  uniform float across; // planes side by side in the textures
  uniform float used; // cells in use
  uniform vec2 range;
  uniform float marked;
  varying vec2 place;
  flat varying float shownPlane;
  void main() {
    vec2 at = vec2(place.x, 1.0 - place.y) * cells;
    vec2 cell = min(floor(at), cells - 1.0);
    if (cell.y * cells.x + cell.x >= used) discard;
    vec2 tile = vec2(mod(shownPlane, across), floor(shownPlane / across));
    ivec2 texel = ivec2(tile * cells + cell);
    float value = texelFetch(values, texel, 0).r;
    float t = clamp((value - range.x) / (range.y - range.x), 0.0, 1.0);
    vec3 colour = texture2D(colours, vec2(t * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb;
    if (isnan(value) || isinf(value)) colour = vec3(0.95, 0.1, 0.55);
    if (marked > 0.5) {
      float lit = texelFetch(marks, texel, 0).r;
      colour = lit < 0.5 ? mix(colour, vec3(0.5), 0.35) * 0.42 : colour * 1.08 + 0.03;
    }
    vec2 width = fwidth(at);
    vec2 edge = smoothstep(vec2(0.0), width * 1.2, min(fract(at), 1.0 - fract(at)));
    float visible = clamp(0.22 / max(width.x, width.y) - 1.0, 0.0, 1.0);
    colour *= mix(1.0, 0.72, visible * (1.0 - min(edge.x, edge.y)));
    gl_FragColor = vec4(colour, 1.0);
  }
`;

const COLOURS = new Map(
  Object.values(TABLES).map((table) => {
    const texture = new DataTexture(table, 256, 1, RGBAFormat);
    texture.needsUpdate = true;
    return [table, texture];
  }),
);

export class Wall3D {
  /** @param {import("lamina/cells.js").Node} node @param {import("lamina/cells.js").Level} level @param {boolean} stacked */
  constructor(node, level, stacked) {
    this.node = node;
    this.level = level;
    this.group = new Group();
    const planes = level.chosen.length;
    this.across = Math.ceil(Math.sqrt((planes * level.rows) / level.cols));
    this.textureWidth = this.across * level.cols;
    this.textureHeight = Math.ceil(planes / this.across) * level.rows;
    const texels = this.textureWidth * this.textureHeight;
    this.values = this._texture(new Float32Array(texels), RedFormat, FloatType);
    this.marks = this._texture(new Uint8Array(texels), RedFormat);
    this.material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      side: 2,
      uniforms: {
        size: { value: new Vector2() },
        values: { value: this.values },
        marks: { value: this.marks },
        colours: { value: COLOURS.get(TABLES.sequential) },
        cells: { value: new Vector2(level.cols, level.rows) },
        across: { value: this.across },
        used: { value: node.order ? level.rows * level.cols : node.shape.reduce((a, b) => a * b, 1) },
        range: { value: new Vector2(0, 1) },
        marked: { value: 0 },
      },
    });
    this.geometry = new InstancedBufferGeometry();
    const square = new PlaneGeometry(1, 1);
    this.geometry.index = square.index;
    this.geometry.setAttribute("position", square.getAttribute("position"));
    this.geometry.setAttribute("uv", square.getAttribute("uv"));
    this.geometry.setAttribute("plane", new InstancedBufferAttribute(Float32Array.from(level.chosen.keys()), 1));
    this.geometry.instanceCount = planes;
    this.mesh = new Mesh(this.geometry, this.material);
    this.mesh.frustumCulled = false;
    this.group.add(this.mesh);
    this.arrange(stacked);
  }

  _texture(data, format, type) {
    const texture = new DataTexture(data, this.textureWidth, this.textureHeight, format, type);
    texture.minFilter = texture.magFilter = NearestFilter;
    texture.needsUpdate = true;
    return texture;
  }

  /** Put the planes side by side or one behind the other. @param {boolean} stacked */
  arrange(stacked) {
    this.wall = wall(this.level, stacked);
    this.geometry.setAttribute("offset", new InstancedBufferAttribute(Float32Array.from(this.wall.offsets.flat()), 3));
    this.material.uniforms.size.value.set(this.wall.planeWidth, this.wall.planeHeight);
  }

  /** @param {number} cell @returns {number} its place in the textures */
  _texel(cell) {
    const { rows, cols } = this.level;
    const plane = Math.floor(cell / (rows * cols));
    const row = Math.floor((cell % (rows * cols)) / cols) + rows * Math.floor(plane / this.across);
    return row * this.textureWidth + (plane % this.across) * cols + (cell % cols);
  }

  /** @param {Float32Array} values one for each cell */
  show(values) {
    const { rows, cols, chosen } = this.level;
    const data = this.values.image.data;
    for (let line = 0; line < chosen.length * rows; line++) {
      data.set(values.subarray(line * cols, (line + 1) * cols), this._texel(line * cols));
    }
    this.values.needsUpdate = true;
    const range = scale(values);
    this.material.uniforms.range.value.set(range.low, range.high);
    this.material.uniforms.colours.value = COLOURS.get(range.table);
  }

  /**
   * Light up some cells and dim the others; none at all if `cells` is null.
   * @param {Set<number> | null} cells numbers of cells
   */
  mark(cells) {
    this.material.uniforms.marked.value = cells ? 1 : 0;
    if (!cells) return;
    const data = this.marks.image.data;
    data.fill(0);
    for (const cell of cells) data[this._texel(cell)] = 255;
    this.marks.needsUpdate = true;
  }

  /** @param {number} cell @returns {import("three").Vector3} its middle in the scene */
  placeOf(cell) {
    const [x, y, z] = middleOf(this.wall, this.level, cell);
    return this.group.localToWorld(this.group.position.clone().set(x, y, z));
  }

  /**
   * The cell that a ray meets first.
   * @param {import("three").Ray} ray in the scene
   * @returns {{cell: number, distance: number} | null}
   */
  hit(ray) {
    const inverse = this.group.matrixWorld.clone().invert();
    const local = ray.clone().applyMatrix4(inverse);
    let best = null;
    for (let plane = 0; plane < this.wall.offsets.length; plane++) {
      const distance = (this.wall.offsets[plane][2] - local.origin.z) / local.direction.z;
      if (!(distance > 0) || (best && distance >= best.distance)) continue;
      const x = local.origin.x + distance * local.direction.x;
      const y = local.origin.y + distance * local.direction.y;
      const cell = cellAt(this.wall, this.level, plane, x, y);
      if (cell >= 0) best = { cell, distance };
    }
    return best;
  }

  dispose() {
    this.geometry.dispose();
    this.material.dispose();
    this.values.dispose();
    this.marks.dispose();
  }
}
