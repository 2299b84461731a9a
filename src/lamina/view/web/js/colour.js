// The colours of values, for textures and pictures.

import { diverging, sequential } from "lamina/palette.js";

/** @param {string} text base64 of three bytes a colour @returns {Uint8Array} 256 colours, four bytes each */
function table(text) {
  const packed = atob(text);
  const bytes = new Uint8Array(1024).fill(255);
  for (let i = 0; i < 768; i++) bytes[4 * Math.floor(i / 3) + (i % 3)] = packed.charCodeAt(i);
  return bytes;
}

export const TABLES = { sequential: table(sequential), diverging: table(diverging) };

/**
 * The range and the colours of some values: from 0 up, or even to both sides of 0 where some are below it.
 * @param {ArrayLike<number>} values
 * @returns {{low: number, high: number, table: Uint8Array, signed: boolean}}
 */
export function scale(values) {
  let low = 0;
  let high = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < low) low = value;
    else if (value > high) high = value;
  }
  const most = Math.max(high, -low) || 1;
  const signed = low < 0;
  return { low: signed ? -most : 0, high: most, table: signed ? TABLES.diverging : TABLES.sequential, signed };
}

/** @param {number} value @param {ReturnType<typeof scale>} range @returns {number} place in the table, times four */
export function place(value, range) {
  const t = (value - range.low) / (range.high - range.low);
  return 4 * Math.min(255, Math.max(0, Math.round(255 * t)));
}
