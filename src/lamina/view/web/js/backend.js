// Who computes: the server this page came from, or the page itself.

import { decode } from "lamina/frame.js";

/** Asks the server. All addresses are beside the page's own, behind the token. */
export class Server {
  live = true;
  opened = /** @type {string[]} */ ([]);

  describe() {
    return this._json("scene.json");
  }

  /** @param {number} number @returns {Promise<Float32Array>} */
  async sample(number) {
    return new Float32Array(await (await this._ask(`sample?number=${number}`)).arrayBuffer());
  }

  /** @param {Float32Array} input @returns {Promise<import("lamina/frame.js").Frame>} */
  async run(input) {
    const options = { method: "POST", body: input, headers: { "Content-Type": "application/octet-stream" } };
    return decode(await (await this._ask(`run?${this._open()}`, options)).arrayBuffer());
  }

  /** What contributes to a value. @param {string} id @param {number[]} index */
  trace(id, index) {
    return this._json(`trace?${new URLSearchParams({ node: id, index: index.join(",") })}`);
  }

  /** Where a value comes from, or goes to, through all layers. @param {string} id @param {number[]} index @param {boolean} forward */
  reach(id, index, forward) {
    const asked = new URLSearchParams({ node: id, index: index.join(","), reach: "1", forward: forward ? "1" : "0" });
    return this._json(`trace?${asked}&${this._open()}`);
  }

  /** One node as finely as an update can hold. @param {string} id */
  async detail(id) {
    return decode(await (await this._ask(`detail?${new URLSearchParams({ node: id })}`)).arrayBuffer());
  }

  /** @param {string} id */
  explain(id) {
    return this._json(`explain?${new URLSearchParams({ node: id })}`);
  }

  /** @param {string} kind @param {number} index of the class */
  saliency(kind, index) {
    return this._json(`saliency?kind=${kind}&class=${index}`);
  }

  profile() {
    return this._json("profile");
  }

  /** @param {number} number */
  async epoch(number) {
    return decode(await (await this._ask(`epoch?number=${number}&${this._open()}`)).arrayBuffer());
  }

  /** @param {Record<string, (data: any) => void>} heard */
  listen(heard) {
    const events = new EventSource("events");
    for (const [name, hear] of Object.entries(heard)) {
      events.addEventListener(name, (event) => hear(JSON.parse(event.data)));
    }
    events.addEventListener("end", () => events.close());
  }

  _open() {
    return new URLSearchParams(this.opened.map((id) => ["open", id])).toString();
  }

  async _ask(address, options) {
    let answer;
    try {
      answer = await fetch(address, options);
    } catch {
      throw new Error("The server has ended. Start `lamina view` again to go on.");
    }
    if (!answer.ok) throw new Error((await answer.json()).error);
    return answer;
  }

  async _json(address) {
    return (await this._ask(address)).json();
  }
}
