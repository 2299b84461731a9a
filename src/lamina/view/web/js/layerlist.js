// The list of layers: names, shapes, kinds and parameters, to be chosen from by pointer and arrow keys.

import { make, number, shape } from "lamina/format.js";

/**
 * @param {HTMLElement} container
 * @param {import("lamina/cells.js").Node[]} nodes
 * @param {(id: string) => void} choose
 */
export function layerList(container, nodes, choose) {
  container.replaceChildren(
    ...nodes.map((node) => {
      const button = make("button", { "data-node": node.id });
      const facts = node.parameters ? `${node.parameters.toLocaleString("en")} p` : "";
      button.append(node.name, make("small", { textContent: shape(node.shape) }));
      button.append(make("small", { textContent: node.kind }), make("small", { textContent: facts }));
      button.addEventListener("click", () => choose(node.id));
      return make("li", {}, button);
    }),
  );
  container.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...container.querySelectorAll("button")];
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
  });
}

/** Show the time of each layer as a line under it. @param {HTMLElement} container @param {Record<string, number>} times [seconds] */
export function layerTimes(container, times) {
  const most = Math.max(...Object.values(times));
  for (const button of container.querySelectorAll("button")) {
    const seconds = times[button.dataset.node];
    button.style.setProperty("--time", seconds ? `${((100 * seconds) / most).toFixed(1)}%` : "0%");
    button.title = seconds ? `${number(1000 * seconds)} ms, compiled alone` : "";
  }
}
