// Numbers, shapes and pieces of a page as text.

/** @param {number} value @returns {string} four digits that matter */
export function number(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e5 || size < 1e-4) return value.toExponential(2).replace("-", "−");
  return value.toPrecision(4).replace(/\.?0+$/, "").replace("-", "−");
}

/** @param {number[]} shape @returns {string} */
export function shape(shape) {
  return shape.length ? shape.join("×") : "1";
}

/** @param {string} name @param {number[]} index @returns {string} */
export function cell(name, index) {
  return `${name}[${index.join(", ")}]`;
}

/**
 * Make an element.
 * @param {string} tag @param {Record<string, any>} [options] properties; `class` and `data-…` are attributes
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A bar for a layer's time. @param {number} share of the slowest */
export const bar = (share) => make("i", { class: "time", style: `height: ${(60 * share).toFixed(1)}px` });

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);
