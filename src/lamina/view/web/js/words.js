// Typed text for models that begin with token ids: ids, or words where a vocabulary is given.

import { make } from "lamina/format.js";

const UNKNOWN = ["[UNK]", "<unk>", "<UNK>", "[unk]"];

/**
 * Turn a text into token ids.
 * @param {string} text @param {string[] | null} words the word of each id @param {number} most the largest id
 * @returns {{ids: number[], unknown: string[], wrong: string[], instead: string | undefined}} unknown words get the id
 *   of `instead`, the vocabulary's own word for them, or are left out if it has none; `wrong` is neither word nor id
 */
export function read(text, words, most) {
  const known = new Map((words ?? []).map((word, id) => [word, id]));
  const instead = UNKNOWN.find((name) => known.has(name));
  const [ids, unknown, wrong] = [[], [], []];
  for (const piece of text.split(words ? /\s+/ : /[\s,]+/).filter(Boolean)) {
    const bare = words ? piece.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "") : piece;
    const word = [piece, piece.toLowerCase(), bare, bare.toLowerCase()].find((form) => form && known.has(form));
    if (word !== undefined) ids.push(known.get(word));
    else if (/^\d+$/.test(bare) && Number(bare) <= most) ids.push(Number(bare));
    else if (!words || /^\d+$/.test(bare)) wrong.push(piece);
    else if (bare) {
      unknown.push(piece);
      if (instead) ids.push(known.get(instead));
    }
  }
  return { ids, unknown, wrong, instead };
}

/**
 * @param {any} input the description of the model's input
 * @param {(values: Float32Array) => void} changed
 */
export function tokens(input, changed) {
  const { words, shape } = input;
  const most = input.vocabulary ? input.vocabulary - 1 : Infinity;
  const room = shape[0];
  const field = make("textarea", { id: "tokens", rows: words ? 4 : 2 });
  field.setAttribute("aria-label", words ? "Text" : "Token ids");
  const range = most === Infinity ? "" : ` from 0 to ${most}`;
  const help = words ? `Words, or token ids${range}` : `Token ids${range}`;
  const note = make("p", { class: "soft", id: "tokens-note", role: "status" }, `${help}; ${room} fit, what is missing is 0.`);
  field.addEventListener("input", () => {
    const { ids, unknown, wrong, instead } = read(field.value, words, most);
    const remarks = [`${Math.min(ids.length, room)} of ${room} tokens; the rest is 0.`];
    if (ids.length > room) remarks.push(`Only the first ${room} of ${ids.length} are read.`);
    if (unknown.length) {
      remarks.push(`Not in the vocabulary, ${instead ? `read as ${instead}` : "left out"}: ${unknown.join(" ")}.`);
    }
    if (wrong.length) remarks.unshift(`Token ids are whole numbers${range}; this is none: ${wrong.join(" ")}. Nothing was changed.`);
    note.textContent = (wrong.length ? remarks.slice(0, 1) : remarks).join(" ");
    if (wrong.length) return;
    const values = new Float32Array(room);
    values.set(ids.slice(0, room));
    changed(values);
  });
  const show = (values) => {
    const last = values.findLastIndex((id) => id !== 0);
    field.value = [...values.slice(0, last + 1)].map((id) => words?.[id] || id).join(" ");
  };
  return { element: make("div", {}, field, note), show };
}
