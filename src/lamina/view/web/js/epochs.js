// A slider through the weights of saved epochs.

import { make } from "lamina/format.js";

/**
 * @param {HTMLElement} container
 * @param {string[]} names of the epochs' files; without any there is no slider
 * @param {(number: number) => void} choose
 */
export function epochs(container, names, choose) {
  if (!names.length) return;
  const last = names.length - 1;
  const range = make("input", { type: "range", id: "epoch", min: 0, max: last, value: last });
  range.setAttribute("aria-label", "Epoch");
  const shown = make("output", { class: "mono" }, "as given");
  range.addEventListener("input", () => {
    shown.textContent = names[range.value];
    choose(Number(range.value));
  });
  container.append(make("h2", {}, "Epoch"), range, shown);
}
