// Who computes: Lamina, behind one of two lines, the server this page came from or the kernel of a notebook.

import { decode } from "lamina/frame.js";

/**
 * A line to Lamina.
 * @typedef {object} Line
 * @property {(name: string, words: URLSearchParams, body?: Float32Array) => Promise<ArrayBuffer>} ask
 * @property {(heard: Record<string, () => void>) => void} listen
 */

/** Asks Lamina, on whatever line. */
export class Lamina {
  opened = /** @type {string[]} */ ([]);

  /** @param {Line} line */
  constructor(line) {
    this.line = line;
  }

  describe() {
    return this._json("scene");
  }

  /** @param {number} number @returns {Promise<Float32Array>} */
  async sample(number) {
    return new Float32Array(await this._ask("sample", { number }));
  }

  /** @param {Float32Array} input @returns {Promise<import("lamina/frame.js").Frame>} */
  async run(input) {
    return decode(await this._ask("run", {}, input));
  }

  /** What contributes to a value. @param {string} id @param {number[]} index */
  trace(id, index) {
    return this._json("trace", { node: id, index: index.join(",") });
  }

  /** Where a value comes from, or goes to, through all layers. @param {string} id @param {number[]} index @param {boolean} forward */
  reach(id, index, forward) {
    return this._json("reach", { node: id, index: index.join(","), forward: forward ? "1" : "0" });
  }

  /** One node as finely as an update can hold. @param {string} id */
  async detail(id) {
    return decode(await this._ask("detail", { node: id }));
  }

  /** @param {string} id */
  explain(id) {
    return this._json("explain", { node: id });
  }

  /** @param {string} kind @param {number} index of the class */
  saliency(kind, index) {
    return this._json("saliency", { kind, class: index });
  }

  profile() {
    return this._json("profile");
  }

  /** @param {number} number */
  async epoch(number) {
    return decode(await this._ask("epoch", { number }));
  }

  /** @param {Record<string, () => void>} heard what to do when something happened to the model, by the event's name */
  listen(heard) {
    this.line.listen(heard);
  }

  /** @param {string} name @param {Record<string, any>} [words] @param {Float32Array} [body] */
  _ask(name, words = {}, body) {
    const pairs = [...Object.entries(words).map(([key, value]) => [key, String(value)])];
    return this.line.ask(name, new URLSearchParams([...pairs, ...this.opened.map((id) => ["open", id])]), body);
  }

  async _json(name, words) {
    return JSON.parse(new TextDecoder().decode(await this._ask(name, words)));
  }
}

/** The server that this page came from. All addresses are beside the page's own, behind the token. */
export class Http {
  /** @param {string} name @param {URLSearchParams} words @param {Float32Array} [body] */
  async ask(name, words, body) {
    const options = body && { method: "POST", body, headers: { "Content-Type": "application/octet-stream" } };
    let answer;
    try {
      answer = await fetch(`${name}?${words}`, options);
    } catch {
      throw new Error("The server has ended. Start `lamina view` again to go on.");
    }
    if (!answer.ok) throw new Error((await answer.json()).error);
    return answer.arrayBuffer();
  }

  /** @param {Record<string, () => void>} heard */
  listen(heard) {
    const events = new EventSource("events");
    for (const [name, hear] of Object.entries(heard)) events.addEventListener(name, hear);
    events.addEventListener("end", () => events.close());
  }
}

/** The widget of a notebook that this page is a frame of; it passes questions on to the kernel. */
export class Messages {
  constructor() {
    this.waiting = new Map();
    this.heard = /** @type {Record<string, () => void>} */ ({});
    addEventListener("message", ({ source, data }) => {
      if (source !== parent) return;
      if (data.event) this.heard[data.event]?.();
      const asked = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.error) asked?.reject(new Error(data.error));
      else asked?.resolve(data.body);
    });
  }

  /** @param {string} name @param {URLSearchParams} words @param {Float32Array} [body] */
  ask(name, words, body) {
    const id = `${Math.random()}`; // other views of the widget hear the answer too
    parent.postMessage({ id, name, words: String(words), body: body?.slice().buffer }, "*");
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  /** @param {Record<string, () => void>} heard */
  listen(heard) {
    this.heard = heard;
  }
}
