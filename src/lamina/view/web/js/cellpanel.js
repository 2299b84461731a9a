// What made the chosen cell: its value, the largest contributions, and how they add up.

import { cell as named, make, number } from "lamina/format.js";

const SHOWN = 12;

/**
 * @param {HTMLElement} container
 * @param {import("lamina/cells.js").Node} node
 * @param {any} told the trace of the cell
 * @param {{direction: (forward: boolean) => void, go: (id: string, index: number[]) => void, unroll: () => void}} app
 */
export function cellPanel(container, node, told, app) {
  const title = make("div", { class: "mono" }, named(node.name, told.index));
  const value = make("div", { class: "value", id: "cell-value", textContent: number(told.value) });
  const formula = make("p", { class: "soft" }, node.formula);
  const from = make("button", { textContent: "← comes from", id: "comes-from", "aria-pressed": String(!told.forward) });
  const to = make("button", { textContent: "goes to →", id: "goes-to", "aria-pressed": String(told.forward) });
  from.addEventListener("click", () => app.direction(false));
  to.addEventListener("click", () => app.direction(true));
  const row = make("div", { class: "row" }, make("span", { class: "choice" }, from, to));
  container.replaceChildren(title, value, formula, row);
  if (node.kind === "Flatten") {
    const play = make("button", { id: "unroll", textContent: "▶ unroll" });
    play.addEventListener("click", app.unroll);
    row.append(play);
  }
  if (told.source) container.append(source(node, told, app));
  else if (told.forward) container.append(reached(told));
  else if (told.parts?.length) container.append(...sum(node, told, app));
  else if (told.parts) container.append(make("p", {}, nothing(told)));
  if (told.steps?.length) {
    const steps = told.steps.map((step) => make("li", { textContent: step }));
    container.append(make("details", {}, make("summary", {}, "all the way"), make("ol", {}, ...steps)));
  }
}

/** How much of each layer a value reaches. */
function reached(told) {
  const lines = Object.entries(told.regions).map(([id, cells]) =>
    make("li", { textContent: `${id}: ${cells.length.toLocaleString("en")} cells` }),
  );
  return make("ul", { class: "soft" }, ...lines);
}

function nothing(told) {
  return Math.abs(told.rest) > 1e-12
    ? `No input contributes here; the bias makes ${number(told.rest)}.`
    : "No input contributes here: all products are 0.";
}

/** A copy: the one cell it came from, and the index formula. */
function source(node, told, app) {
  const [id, index] = told.source;
  const link = make("button", { id: "source" }, named(id, index));
  link.addEventListener("click", () => app.go(id, index));
  return make("div", {}, make("p", {}, "a copy of ", link), make("p", { class: "mono" }, told.formula));
}

function sum(node, told, app) {
  const shown = told.parts.slice(0, SHOWN);
  const others = told.parts.slice(SHOWN).reduce((total, part) => total + part[4], told.others ?? 0);
  const rows = shown.map(([id, index, value, weight, contribution]) => {
    const row = make("tr", { tabIndex: 0, title: `go to ${named(id, index)}` });
    row.append(
      make("td", { textContent: `[${index.join(",")}]` }),
      make("td", { textContent: number(value) }),
      make("td", { textContent: number(weight) }),
      make("td", { class: contribution < 0 ? "minus" : "plus", textContent: number(contribution) }),
    );
    row.addEventListener("click", () => app.go(id, index));
    row.addEventListener("keydown", (event) => event.key === "Enter" && app.go(id, index));
    return row;
  });
  const line = (label, value) =>
    make("tr", {}, make("td", { colSpan: 3, textContent: label }), make("td", { textContent: number(value) }));
  const foot = [];
  const left = told.count - shown.length;
  if (left > 0) foot.push(line(`${left.toLocaleString("en")} smaller ones`, others));
  if (told.rest) foot.push(line("bias and rest", told.rest));
  foot.push(line("sum", told.before));
  if (node.activation) foot.push(line(`after ${node.activation}`, told.value));
  const head = ["", "input", "weight", "product"].map((text) => make("th", { scope: "col", textContent: text }));
  const table = make("table", { id: "contributions" });
  table.append(
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows),
    make("tfoot", {}, ...foot),
  );
  return [table];
}
