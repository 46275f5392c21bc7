/** The elementary functions to some hundred bits, as `m 2^e`, and errors measured against them in units in the last place. */
import * as real from './fixed-point.mjs';

const { one, mul, div, fromDouble } = real;
const fixed = (m) => ({ m, e: -400 });
const scaled = (m, k) => ({ m, e: k - 400 });
const quotient = (a, b) => {
  const extra = b.m.toString(2).length + 100;
  return { m: (a.m << BigInt(extra)) / b.m, e: a.e - b.e - extra };
};

/** e^x as a mantissa and a power of two. */
function exp(x) {
  const k = x / real.ln2;
  return scaled(real.exp(x - k * real.ln2), Number(k));
}

const sum = (a, b) => {
  const e = Math.min(a.e, b.e);
  return { m: (a.m << BigInt(a.e - e)) + (b.m << BigInt(b.e - e)), e };
};
const negate = ({ m, e }) => ({ m: -m, e });
const unit = fixed(one);

const expm1 = (x) => (real.abs(x) < one ? fixed(real.expm1(x)) : sum(exp(x), negate(unit)));

/** ln of m 2^e. */
function log({ m, e }) {
  const shift = m.toString(2).length;
  const mantissa = (m << 400n) >> BigInt(shift);
  return real.log(mantissa) + BigInt(shift + e) * real.ln2;
}

/** ln(1 + x), relatively exact also of small x. */
const log1p = (x) => (real.abs(x) < one / 4n ? 2n * real.atanh(div(x, 2n * one + x)) : log(fixed(one + x)));

function reduced(x) {
  const halfPi = real.pi / 2n;
  const k = (2n * x + halfPi) / (2n * halfPi) - (2n * x + halfPi < 0n ? 1n : 0n);
  return { r: x - k * halfPi, quadrant: Number(((k % 4n) + 4n) % 4n) };
}
const sin = (x) => {
  const { r, quadrant } = reduced(x);
  return [real.sin, real.cos, (a) => -real.sin(a), (a) => -real.cos(a)][quadrant](r);
};
const cos = (x) => {
  const { r, quadrant } = reduced(x);
  return [real.cos, (a) => -real.sin(a), (a) => -real.cos(a), real.sin][quadrant](r);
};
const asin = (x) => {
  const square = one - mul(x, x);
  if (square === 0n) return (x / one) * (real.pi / 2n);
  return real.atan(div(x, real.sqrt(square)));
};
const atan2 = (y, x) => {
  const steep = real.abs(y) > real.abs(x);
  const base = steep
    ? real.pi / 2n - real.atan(div(real.abs(x), real.abs(y)))
    : real.atan(div(real.abs(y), real.abs(x)));
  const angle = x < 0n ? real.pi - base : base;
  return y < 0n ? -angle : angle;
};

/** Each function of fixed-point arguments. */
export const functions = {
  exp,
  expm1,
  log: (x) => fixed(log(fixed(x))),
  log1p: (x) => fixed(log1p(x)),
  tanh: (x) => {
    const t = expm1(2n * x);
    return quotient(t, sum(t, fixed(2n * one)));
  },
  sigmoid: (x) => quotient(unit, sum(unit, exp(-x))),
  softplus: (x) => {
    if (x > 0n) return sum(fixed(x), functions.softplus(-x));
    const z = exp(x);
    return z.e < -480 ? z : fixed(log1p(z.e < -400 ? z.m >> BigInt(-400 - z.e) : z.m << BigInt(z.e + 400)));
  },
  sinh: (x) => {
    const t = expm1(real.abs(x));
    const twice = sum(t, quotient(t, sum(t, unit)));
    return { m: x < 0n ? -twice.m : twice.m, e: twice.e - 1 };
  },
  cosh: (x) => {
    const twice = sum(exp(real.abs(x)), exp(-real.abs(x)));
    return { m: twice.m, e: twice.e - 1 };
  },
  sin: (x) => fixed(sin(x)),
  cos: (x) => fixed(cos(x)),
  tan: (x) => quotient(fixed(sin(x)), fixed(cos(x))),
  asin: (x) => fixed(asin(x)),
  acos: (x) => fixed(real.pi / 2n - asin(x)),
  atan: (x) => fixed(atan2(x, one)),
  erf: (x) => fixed(real.erf(x)),
  rsqrt: (x) => quotient(unit, fixed(real.sqrt(x))),
  pow: (x, y) => exp(mul(y, log(fixed(x)))),
  atan2: (y, x) => fixed(atan2(y, x)),
};

/** The value at doubles that a fixed-point number holds well (magnitudes of 2^-250 to 2^1023). */
export function reference(name, ...args) {
  return functions[name](...args.map(fromDouble));
}

/** How far a computed number is from the reference, in units in the last place of the reference. */
export function ulps(value, { m, e }, wide) {
  if (m === 0n) return value === 0 ? 0 : Number.POSITIVE_INFINITY;
  const top = real.abs(m).toString(2).length + e - 1;
  const ulp = wide ? Math.max(top - 52, -1074) : Math.max(top - 23, -149);
  if (!Number.isFinite(value)) {
    const overflows = top >= (wide ? 1024 : 128);
    const rounds = top === (wide ? 1023 : 127);
    return (overflows || rounds) && value > 0 === m > 0n ? (overflows ? 0 : 1) : Number.POSITIVE_INFINITY;
  }
  const unitAt = ulp - 20;
  const shift = (n, by) => (by >= 0 ? n << BigInt(by) : n >> BigInt(-by));
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const word = view.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const mantissa = (word & 0xfffffffffffffn) | (exponent ? 1n << 52n : 0n);
  const magnitude = shift(mantissa, Math.max(exponent, 1) - 1075 - unitAt);
  const difference = (value < 0 ? -magnitude : magnitude) - shift(m, e - unitAt);
  return Number(real.abs(difference)) / 2 ** 20;
}
