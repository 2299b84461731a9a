// The page: what is shown, chosen and asked, and who is told of it.

import { answer } from "lamina/answer.js";
import { Http, Lamina, Messages } from "lamina/backend.js";
import * as cells from "lamina/cells.js";
import { cellPanel } from "lamina/cellpanel.js";
import { epochs } from "lamina/epochs.js";
import { byId, cell as named, make, number } from "lamina/format.js";
import { minus } from "lamina/frame.js";
import { inputs } from "lamina/inputs.js";
import { layerList, layerTimes } from "lamina/layerlist.js";
import { legend } from "lamina/legend.js";
import { Page } from "lamina/offline.js";
import { pictures } from "lamina/pictures.js";
import { saw } from "lamina/saw.js";
import { strip } from "lamina/strip.js";
import { Unrolling } from "lamina/unroll.js";
import { View2D } from "lamina/view2d.js";
import { View3D, graphics } from "lamina/view3d.js";

const { cellOf, count, flatOf, indexOf, levelOf, unflatten } = cells;

class App {
  cells = cells;

  constructor(backend) {
    this.backend = backend;
    this.frame = null;
    this.chosen = null; // {id, index, forward}
    this.trace = null;
    this.view = null;
    this.updates = 0;
    this.latency = 0; // from the last change of the input to the picture [ms]
  }

  async start() {
    this.told = await this.backend.describe();
    this.nodes = new Map(this.told.nodes.map((node) => [node.id, node]));
    document.title = `${this.told.name} – lamina view`;
    byId("model-name").textContent = this.told.name;
    byId("model-facts").textContent = `${this.told.parameters.toLocaleString("en")} parameters`;
    this._buttons();
    layerList(byId("layers"), this.told.nodes, (id) => this.layer(id));
    byId("time").hidden = !this.backend.profile;
    this.control = inputs(byId("input"), this.told, {
      changed: (values) => this.input(values),
      sample: (i) => this.backend.sample(i),
      complain: (text) => this.complain(text),
    });
    epochs(byId("input"), this.told.epochs ?? [], async (number) => this._show(await this.backend.epoch(number)));
    const solid = graphics() !== "";
    byId("show-3d").disabled = !solid;
    await this.look(solid && !new URLSearchParams(location.search).has("2d") ? "3d" : "2d");
    // of the structure; the values follow [ms since the page was asked for]
    requestAnimationFrame(() => (this.firstPicture = performance.now()));
    const first = await this.backend.sample(0);
    this.control.show(first);
    await this.input(first);
    saw(byId("saw-body"), byId("saw"), this);
    this.backend.listen?.({ changed: () => this.input(this.values), end: () => this.complain("The server has ended.") });
  }

  /** The nodes to show: of a folded block its last one, under the block's name. */
  shown() {
    const opened = this.backend.opened ?? [];
    const last = new Map(this.told.nodes.map((node) => [node.group, node.id]));
    const inside = new Map();
    for (const node of this.told.nodes) {
      inside.set(node.id, node.group && !opened.includes(node.group) ? last.get(node.group) : node.id);
    }
    return this.told.nodes
      .filter((node) => inside.get(node.id) === node.id)
      .map((node) => {
        if (!node.group || opened.includes(node.group)) {
          return { ...node, from: [...new Set(node.from.map((id) => inside.get(id)))] };
        }
        const members = this.told.nodes.filter((other) => other.group === node.group);
        const from = new Set(members.flatMap((other) => other.from.map((id) => inside.get(id))));
        from.delete(node.id);
        return { ...node, name: this.told.groups[node.group], from: [...from] };
      });
  }

  /** @param {"3d" | "2d"} kind */
  async look(kind) {
    this.view?.dispose();
    this.view = new (kind === "3d" ? View3D : View2D)(byId("view"), {
      point: (hit, event) => this.point(hit, event),
      choose: (hit) => this.chooseCell(hit),
      near: (id) => this.detail(id),
    });
    this.kind = kind;
    this.view.stacked = this.stacked ?? false;
    byId("show-3d").setAttribute("aria-pressed", String(kind === "3d"));
    byId("show-2d").setAttribute("aria-pressed", String(kind === "2d"));
    await this.rebuild();
  }

  async rebuild() {
    await this.view.build(this.shown(), this.frame);
    if (this.frame) this.view.show(this.frame);
    this._mark();
  }

  /** Run the model on an input; while it runs, only the newest of those that come in is kept. */
  async input(values) {
    this.values = values;
    this.asked = performance.now();
    if (this.running) {
      this.waiting = true;
      return this.running;
    }
    this.running = this._run();
    return this.running;
  }

  async _run() {
    try {
      do {
        this.waiting = false;
        const asked = this.asked;
        const frame = await this.backend.run(this.values);
        if (this.near) for (const [id, finer] of await this.backend.detail(this.near)) frame.set(id, finer);
        await this._show(frame);
        this.latency = performance.now() - asked;
      } while (this.waiting);
    } catch (error) {
      this.complain(error.message);
    } finally {
      this.running = null;
    }
    if (this.chosen) await this.choose(this.chosen.id, this.chosen.index, this.chosen.forward);
  }

  async _show(frame) {
    this.raw = frame;
    this.frame = this.kept ? minus(frame, this.kept) : frame;
    if (!this.view.show(this.frame)) await this.rebuild();
    strip(byId("strip"), this.kept ? this.shown() : [], this.kept, frame, this.frame);
    this.updates += 1;
    const output = this.told.nodes[this.told.nodes.length - 1];
    const shown = frame.get(output.id);
    byId("answer").hidden = byId("answer-title").hidden = output.shape.length !== 1;
    if (shown && output.shape.length === 1) {
      this.top = answer(byId("answer"), output, shown.values, this.told.classes, (i) => this.choose(output.id, [i]));
    }
    legend(byId("legend"), this.nodes.get(this.chosen?.id ?? output.id), this.frame);
  }

  level(id) {
    return levelOf(this.nodes.get(id), this.frame);
  }

  // --- pointing and choosing ---

  point(hit, event) {
    const tip = byId("tip");
    const index = hit && indexOf(this.nodes.get(hit.id), this.level(hit.id), hit.cell);
    tip.hidden = !index;
    if (!index) return;
    const node = this.nodes.get(hit.id);
    const level = this.frame?.get(hit.id);
    const mean = level?.block > 1 ? `mean of ${level.block} × ${level.block}: ` : "";
    tip.replaceChildren(
      make("b", { textContent: named(node.name, index) }),
      ` = ${mean}${level ? number(level.values[hit.cell]) : "?"}`,
      make("div", { textContent: this._remark(node, index) }),
    );
    const frame = byId("stage").getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    tip.style.left = `${Math.min(x + 14, frame.width - tip.offsetWidth - 8)}px`;
    tip.style.top = `${y + 18 + tip.offsetHeight > frame.height ? y - tip.offsetHeight - 10 : y + 18}px`;
  }

  /** The word or class that a number stands for, or how a value is made. */
  _remark(node, index) {
    const isOutput = node.id === this.told.nodes[this.told.nodes.length - 1].id;
    const word = node.kind === "Input" && this.told.input.words?.[this.values?.[index[0]]];
    return word || (isOutput && this.told.classes?.[index[0]]) || node.formula || node.kind;
  }

  chooseCell(hit) {
    const index = hit && indexOf(this.nodes.get(hit.id), this.level(hit.id), hit.cell);
    if (!index) return this.clear();
    const node = this.shown().find((other) => other.id === hit.id);
    if (node.group && !this.backend.opened?.includes(node.group)) return this.unfold(node.group);
    return this.choose(hit.id, index);
  }

  /** Show more of a layer that is looked at from near. @param {string} id */
  async detail(id) {
    const level = this.level(id);
    const coarse = level.block > 1 || level.chosen.length < this.nodes.get(id).planes;
    if (!coarse || !this.backend.detail) return;
    this.near = id;
    await this.input(this.values);
    this.view.fit([id]);
  }

  unfold(group) {
    return this._open([...this.backend.opened, group]);
  }

  /** @param {string[]} groups the blocks that are unfolded */
  async _open(groups) {
    this.backend.opened = groups;
    byId("fold").hidden = !groups.length;
    this.clear();
    await this.input(this.values);
    await this.rebuild();
  }

  clear() {
    this.chosen = this.trace = null;
    byId("layer").replaceChildren();
    byId("cell").replaceChildren(make("p", { class: "soft" }, "Point at a cell to read it; click it to see what made it."));
    this._mark();
    this._current(null);
  }

  /** @param {string} id @param {number[]} index @param {boolean} [forward] */
  async choose(id, index, forward = false) {
    const isNew = this.chosen?.id !== id;
    this.chosen = { id, index, forward };
    const node = this.nodes.get(id);
    try {
      this.trace = { ...(await this.backend.trace(id, index)), forward, regions: {}, steps: [] };
      this._tell(node);
      if (isNew) this._explain(id);
      Object.assign(this.trace, await this.backend.reach(id, index, forward), { complete: true });
    } catch (error) {
      this.complain(error.message);
      return;
    }
    if (this.chosen?.id === id && this.chosen.index === index) this._tell(node);
  }

  /** Show what is known of the chosen cell. */
  _tell(node) {
    const { id, index, forward } = this.chosen;
    if (node.kind === "Flatten" && !forward) this._source(node);
    cellPanel(byId("cell"), node, this.trace, {
      direction: (ahead) => this.choose(id, index, ahead),
      go: (other, place) => this.choose(other, place),
      unroll: () => this.unroll(id),
    });
    this._mark();
    this._current(id);
    legend(byId("legend"), node, this.frame);
  }

  /** Say which cell a cell of Flatten is a copy of. */
  _source(node) {
    const before = this.nodes.get(node.from[0]);
    if (count(before) !== count(node)) return;
    const from = unflatten(before.shape, this.chosen.index[0]);
    this.trace.source = [before.id, from];
    const terms = from.map((i, axis) => [i, ...before.shape.slice(axis + 1)].join("·"));
    this.trace.formula = `${terms.join(" + ")} = ${flatOf(before.shape, from)}`;
  }

  _mark() {
    if (!this.trace || !this.chosen) {
      this.view.mark(null);
      this.view.connect([]);
      this.view.name(this.chosen?.id ?? null);
      return;
    }
    const { id, index } = this.chosen;
    const marks = new Map(
      Object.entries(this.trace.regions).map(([name, cells]) => [name, new Set(cells)]),
    );
    const own = cellOf(this.nodes.get(id), this.level(id), index);
    marks.set(id, new Set([own]));
    const links = [];
    const parts = (!this.trace.forward && this.trace.parts) || [];
    if (!this.trace.complete) {
      for (const [from, place] of parts) {
        if (!marks.has(from)) marks.set(from, new Set());
        marks.get(from).add(cellOf(this.nodes.get(from), this.level(from), place));
      }
    }
    const most = Math.max(...parts.map((part) => Math.abs(part[4])), 1e-30);
    for (const [from, place, , , contribution] of parts) {
      const cell = cellOf(this.nodes.get(from), this.level(from), place);
      if (cell < 0) continue;
      const colour = contribution < 0 ? [111, 177, 255] : [255, 157, 77];
      links.push({ from: [from, cell], to: [id, own], colour, strength: Math.abs(contribution) / most });
    }
    this.marks = marks;
    this.view.mark(marks);
    this.view.connect(own < 0 ? [] : links);
    this.view.name(id);
  }

  // --- layers ---

  /** Say how long each layer takes, as bars. */
  async time() {
    const times = await this.backend.profile();
    layerTimes(byId("layers"), times);
    this.view.rise?.(times);
  }

  async layer(id) {
    this.clear();
    this._current(id);
    this.view.name(id);
    legend(byId("legend"), this.nodes.get(id), this.frame);
    await this._explain(id);
  }

  _current(id) {
    for (const button of byId("layers").querySelectorAll("button")) {
      button.setAttribute("aria-current", String(button.dataset.node === id));
    }
    this.current = id;
  }

  async _explain(id) {
    const told = await this.backend.explain(id);
    if (this.current !== id) return;
    byId("layer").innerHTML = told.html;
    if (told.pictures) byId("layer").append(pictures(told.pictures));
  }

  /** Play how Flatten lays the cells of a block in a row. @param {string} id */
  async unroll(id) {
    this.unrolling?.stop();
    this.unrolling = new Unrolling(this, this.nodes.get(id), byId("counter"));
    await this.unrolling.done;
  }

  // --- keys and buttons ---

  _buttons() {
    byId("show-3d").addEventListener("click", () => this.look("3d"));
    byId("show-2d").addEventListener("click", () => this.look("2d"));
    for (const [name, stacked] of [["as-maps", false], ["as-stacks", true]]) {
      byId(name).addEventListener("click", async () => {
        this.stacked = stacked;
        byId("as-maps").setAttribute("aria-pressed", String(!stacked));
        byId("as-stacks").setAttribute("aria-pressed", String(stacked));
        this.view.arrange(stacked);
        await this.rebuild();
      });
    }
    byId("compare").addEventListener("click", async () => {
      this.kept = this.kept ? null : this.raw;
      byId("compare").setAttribute("aria-pressed", String(Boolean(this.kept)));
      await this._show(this.raw);
    });
    byId("time").addEventListener("click", () => this.time().catch((error) => this.complain(error.message)));
    byId("fit").addEventListener("click", () => this.view.fit());
    byId("fold").addEventListener("click", () => this._open([]));
    byId("theme").addEventListener("click", () => {
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
      document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
    });
    byId("view").addEventListener("keydown", (event) => this._key(event));
  }

  _key(event) {
    const ids = this.shown().map((node) => node.id);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const at = ids.indexOf(this.current);
      const next = ids[Math.min(ids.length - 1, Math.max(0, at + step))];
      this.layer(next);
      this.view.fit([next]);
    } else if (event.key === "Enter" && this.current) {
      const { values } = this.level(this.current);
      const strongest = values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
      this.chooseCell({ id: this.current, cell: strongest });
    } else if (event.key === "Escape") {
      this.clear();
    } else if (event.key === "Home") {
      this.view.fit();
    } else return;
    event.preventDefault();
  }

  /** @param {string} text shown for a while */
  complain(text) {
    const message = byId("message");
    message.textContent = text;
    message.hidden = false;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => (message.hidden = true), 12000);
  }
}

const embedded = byId("lamina-data");
const data = embedded && JSON.parse(embedded.textContent);
const app = new App(!data ? new Lamina(new Http()) : data.scene ? new Page(data) : new Lamina(new Messages()));
globalThis.lamina = app;
app.ready = app.start().catch((error) => {
  app.complain(error.message);
  throw error;
});
