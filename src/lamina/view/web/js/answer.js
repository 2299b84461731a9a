// The five largest outputs as bars.

import { make, number } from "lamina/format.js";

const SHOWN = 5;

/**
 * @param {HTMLElement} container
 * @param {import("lamina/cells.js").Node} node the output
 * @param {Float32Array} values
 * @param {string[] | null} classes
 * @param {(index: number) => void} choose called with the number of the output clicked
 * @returns {number} the number of the largest output
 */
export function answer(container, node, values, classes, choose) {
  const used = [...values.subarray(0, node.shape[0] ?? 1)];
  const order = used.map((_, i) => i).sort((a, b) => used[b] - used[a]);
  const likely = used.every((value) => value >= 0 && value <= 1);
  const most = likely ? 1 : Math.max(...used.map(Math.abs), 1e-9);
  container.replaceChildren(
    ...order.slice(0, SHOWN).map((i) => {
      const share = `${Math.max(0, (100 * used[i]) / most).toFixed(1)}%`;
      const shown = likely ? `${(100 * used[i]).toFixed(used[i] > 0.9995 ? 0 : 1)} %` : number(used[i]);
      const bar = make("button", { class: "bar", "data-index": String(i), style: `--share: ${share}` });
      bar.append(...[classes?.[i] ?? String(i), "", shown].map((text) => make("span", { textContent: text })));
      bar.addEventListener("click", () => choose(i));
      return bar;
    }),
  );
  container.dataset.top = String(order[0]);
  return order[0];
}
