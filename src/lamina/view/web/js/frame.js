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

/** What has changed from one update to another, value by value. @param {Frame} frame @param {Frame} kept @returns {Frame} */
export function minus(frame, kept) {
  return new Map(
    [...frame].map(([id, shown]) => {
      const before = kept.get(id)?.values;
      const comparable = before?.length === shown.values.length;
      return [id, comparable ? { ...shown, values: shown.values.map((value, i) => value - before[i]) } : shown];
    }),
  );
}

/** @param {string} text base64 @returns {ArrayBuffer} */
export function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}
