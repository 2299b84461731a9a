// Colour maps with even steps of lightness in OKLab (Ottosson 2020), told apart without red and green.

/** @typedef {[number, number, number]} Rgb bytes */

/** @param {number} lightness 0-1 @param {number} chroma @param {number} hue [degrees] @returns {Rgb} */
function oklch(lightness, chroma, hue) {
  const linear = toLinear(lightness, chroma, hue);
  if (chroma > 0.001 && linear.some((x) => x < -0.002 || x > 1.002)) return oklch(lightness, 0.97 * chroma, hue);
  return /** @type {Rgb} */ (
    linear.map((x) => {
      const curved = x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;
      return Math.round(255 * Math.min(1, Math.max(0, curved)));
    })
  );
}

/** @param {number} lightness @param {number} chroma @param {number} hue @returns {number[]} linear sRGB, unclipped */
function toLinear(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** From dark indigo over teal to yellow. @param {number} t 0-1 @returns {Rgb} */
export function sequential(t) {
  return oklch(0.16 + 0.77 * t, 0.06 + 0.03 * Math.sin(Math.PI * t), 285 - 190 * t);
}

/** Blue below the middle, dark in the middle, orange above. @param {number} t 0-1 @returns {Rgb} */
export function diverging(t) {
  const distance = Math.abs(2 * t - 1);
  return oklch(0.19 + 0.64 * distance, 0.145 * Math.min(1, 1.4 * distance), t < 0.5 ? 250 : 62);
}

/** @param {(t: number) => Rgb} map @returns {Uint8Array} 256 colours, four bytes each */
function table(map) {
  const bytes = new Uint8Array(1024);
  for (let i = 0; i < 256; i++) bytes.set([...map(i / 255), 255], 4 * i);
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
