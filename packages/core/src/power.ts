/** Coefficients of s, s^3, ... of log2((1 + s) / (1 - s)), and of 1, f, f^2, ... of 2^f: their Taylor series. */
export const powerSeries: { readonly log2: readonly number[]; readonly exp2: readonly number[] } = {
  log2: Array.from({ length: 8 }, (_, n) => 2 / ((2 * n + 1) * Math.LN2)),
  exp2: Array.from({ length: 12 }, (_, n) => factors(n).reduce((product, i) => (product * Math.LN2) / i, 1)),
};

function factors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

/** Bases and results within these bounds have no special cases. */
export const powerRange: { readonly least: number; readonly largest: number; readonly exponent: number } = {
  least: 2 ** -1000,
  largest: 2 ** 1000,
  exponent: 1000,
};

const [l0, l1, l2, l3, l4, l5, l6, l7] = powerSeries.log2 as Eight;
const [e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11] = powerSeries.exp2 as Twelve;

const number = new Float64Array(1);
const words = new Int32Array(number.buffer);
/** Which of the two words holds the exponent. */
const high = new Uint8Array(Int32Array.of(1).buffer)[0] === 1 ? 1 : 0;
/** The high word of the square root of one half. */
const rootOfHalf = 0x3fe6a09e;

/**
 * base^exponent for a base of 0 or more, to about 1e-13, in additions, multiplications and one division: so that compiled
 * loops find step sizes of the same bits, and all engines do, which differ in `Math.pow`. It is also twice as fast.
 */
export function power(base: number, exponent: number): number {
  if (!(base > powerRange.least && base < powerRange.largest)) return base ** exponent;
  number[0] = base;
  const word = words[high] as number;
  const k = (word - rootOfHalf) >> 20;
  words[high] = word - (k << 20);
  const m = number[0] as number;
  const s = (m - 1) / (m + 1);
  const u = s * s;
  const v = u * u;
  const series = l0 + l1 * u + v * (l2 + l3 * u) + v * v * (l4 + l5 * u + v * (l6 + l7 * u));
  const p = exponent * (k + s * series);
  if (!(Math.abs(p) < powerRange.exponent)) return base ** exponent;
  const n = Math.floor(p + 0.5);
  const f = p - n;
  const g = f * f;
  const h = g * g;
  const low = e0 + e1 * f + g * (e2 + e3 * f) + h * (e4 + e5 * f + g * (e6 + e7 * f));
  number[0] = low + h * h * (e8 + e9 * f + g * (e10 + e11 * f));
  words[high] = (words[high] as number) + (n << 20);
  return number[0] as number;
}

type Four = [number, number, number, number];
type Eight = [...Four, ...Four];
type Twelve = [...Eight, ...Four];
