// One update: the values of all nodes shown.

/**
 * @typedef {import("lamina/cells.js").Level & {values: Float32Array}} Shown
 * @typedef {Map<string, Shown>} Frame
 */

/** @param {ArrayBuffer} buffer a length, a JSON header, float32 numbers @returns {Frame} */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const numbers = new Float32Array(buffer, 4 + length);
  return new Map(
    header.nodes.map((entry) => [
      entry.id,
      { ...entry, values: numbers.subarray(entry.start, entry.start + entry.count) },
    ]),
  );
}

/** @param {string} text base64 @returns {ArrayBuffer} */
export function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}
