/** Real numbers as BigInt multiples of 2^-400, and the elementary functions of them by their series. */

const bits = 400n;
export const one = 1n << bits;

export const mul = (a, b) => (a * b) >> bits;
export const div = (a, b) => (a << bits) / b;
export const abs = (a) => (a < 0n ? -a : a);
export const sqrt = (a) => {
  const target = a << bits;
  if (target === 0n) return 0n;
  let root = 1n << BigInt(Math.ceil(target.toString(2).length / 2));
  for (;;) {
    const next = (root + target / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
};

/** Exactly, of a double. */
export function fromDouble(x) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const mantissa = (word & 0xfffffffffffffn) | (exponent ? 1n << 52n : 0n);
  const shift = bits + BigInt(Math.max(exponent, 1) - 1075);
  const magnitude = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return word >> 63n ? -magnitude : magnitude;
}

/** The nearest double (at normal magnitudes). */
export function toDouble(a) {
  if (a === 0n) return 0;
  const magnitude = abs(a);
  const extra = magnitude.toString(2).length - 53;
  let mantissa = magnitude;
  if (extra > 0) {
    const shift = BigInt(extra);
    mantissa = magnitude >> shift;
    const rest = magnitude - (mantissa << shift);
    const half = 1n << (shift - 1n);
    if (rest > half || (rest === half && mantissa & 1n)) mantissa++;
  }
  const value = Number(mantissa) * 2 ** Math.max(extra, 0);
  return (a < 0n ? -value : value) * 2 ** -400;
}

function series(first, next) {
  let sum = 0n;
  let term = first;
  for (let k = 1n; term !== 0n; k++) {
    sum += term;
    term = next(term, k);
    if (k > 5000n) throw new Error('The series does not end.');
  }
  return sum;
}

export const exp = (x) => {
  const reduced = x / 256n;
  let value = series(one, (term, k) => mul(term, reduced) / k);
  for (let i = 0; i < 8; i++) value = mul(value, value);
  return value;
};

/** Of small |x|, relatively exact. */
export const expm1 = (x) => series(x, (term, k) => mul(term, x) / (k + 1n));

const oddSeries = (x, step) => {
  const square = mul(x, x);
  let sum = 0n;
  let power = x;
  for (let k = 1n; abs(power) > 1n; k += 2n) {
    sum += power / k;
    power = step * mul(power, square);
  }
  return sum;
};

/** Of |x| < 0.5 or so. */
export const atanh = (x) => oddSeries(x, 1n);

export const atan = (x) => {
  // Two halvings of the angle, so that the series ends soon.
  let t = x;
  for (let i = 0; i < 2; i++) t = div(t, one + sqrt(one + mul(t, t)));
  return 4n * oddSeries(t, -1n);
};

export const pi = 16n * oddSeries(one / 5n, -1n) - 4n * oddSeries(one / 239n, -1n);

export const ln2 = 2n * atanh(one / 3n);

export const log = (x) => {
  let k = 0n;
  let m = x;
  while (m > (one * 4n) / 3n) {
    m >>= 1n;
    k++;
  }
  while (m < (one * 2n) / 3n) {
    m <<= 1n;
    k--;
  }
  return k * ln2 + 2n * atanh(div(m - one, m + one));
};

export const sin = (x) => {
  const square = mul(x, x);
  return series(x, (term, k) => -mul(term, square) / (2n * k * (2n * k + 1n)));
};

export const cos = (x) => {
  const square = mul(x, x);
  return series(one, (term, k) => -mul(term, square) / (2n * k * (2n * k - 1n)));
};

export const asin = (x) => {
  const square = mul(x, x);
  let sum = 0n;
  let term = x;
  for (let k = 0n; term !== 0n; k++) {
    sum += term / (2n * k + 1n);
    term = (mul(term, square) * (2n * k + 1n)) / (2n * k + 2n);
  }
  return sum;
};

export const erf = (x) => {
  const square = mul(x, x);
  let sum = 0n;
  let term = x;
  for (let k = 0n; term !== 0n; k++) {
    sum += term / (2n * k + 1n);
    term = -mul(term, square) / (k + 1n);
  }
  return div(2n * sum, sqrt(pi));
};
