import type { Value } from '../index.ts';
import * as coefficients from './coefficients.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';

// All of them reduce x = k ln 2 + r, |r| <= ln(2)/2, and take e^r - 1 from a polynomial (Muller, Elementary Functions,
// 2016, chapter 11; the reduction in two parts is Cody and Waite's, 1980).

interface Reduced {
  /** The bits of k + `roundingBias`. */
  readonly biased: Kept;
  /** e^r - 1. */
  readonly tail: Kept;
}

/** Of x within the range of exponents, or NaN. */
export function reduceExponent(o: FloatLanes, x: Kept): Reduced {
  const sum = o.keep(o.fma(x, Math.LOG2E, o.roundingBias));
  const k = o.keep(o.sub(sum, o.roundingBias));
  const [high, low] = o.wide ? coefficients.ln2Parts.float64 : coefficients.ln2Parts.float32;
  const r = o.keep(o.fnma(k, low, o.fnma(k, high, x)));
  const square = o.keep(o.mul(r, r));
  const tail = o.keep(o.fma(o.polynomial(r, coefficients.expm1), square, r));
  return { biased: o.vector ? sum : o.keep(o.toBits(sum) as Value), tail };
}

/** e^x, of x not above the largest finite result. */
function expBelow(o: FloatLanes, x: Kept): Value {
  const { biased, tail } = reduceExponent(o, x);
  // In two steps, so that subnormal results are rounded once and 2^k never overflows before e^x does.
  const [first, second] = o.halves(biased);
  return o.mul(o.mul(o.add(tail, 1), o.powerOfTwo(first)), o.powerOfTwo(second));
}

/** Below it e^x is 0. */
const lowest = (o: FloatLanes): number => o.pick(-104, -745.2);

export function exp(o: FloatLanes, x: Kept): Value {
  return expBelow(o, o.keep(o.atMost(o.atLeast(x, lowest(o)), o.pick(88.73, 709.79))));
}

/** e^-|x|, which neither overflows nor loses its subnormal results. */
export function expNegative(o: FloatLanes, x: Kept): Value {
  return expBelow(o, o.keep(o.atLeast(o.neg(o.abs(x)), lowest(o))));
}

/** (e^x - 1) 2^-shift, of x for which 2^(k - shift) is a normal number. */
function shiftedExpm1(o: FloatLanes, x: Kept, shift: number): Value {
  const { biased, tail } = reduceExponent(o, x);
  const scale = o.keep(shiftedPower(o, biased, shift));
  return o.fma(tail, scale, o.sub(scale, 2 ** -shift));
}

function shiftedPower(o: FloatLanes, biased: Kept, shift: number): Value {
  return o.fromBits(o.bitsAdd(o.shl(biased, o.mantissa), BigInt(o.bias - shift) << BigInt(o.mantissa))) as Value;
}

export function expm1(o: FloatLanes, x: Kept): Value {
  const clamped = o.keep(o.atMost(o.atLeast(x, -60), o.pick(88.73, 709.79)));
  const half = o.keep(shiftedExpm1(o, clamped, 1));
  // Half a subnormal number loses a bit, and -0 its sign.
  return o.select(x, o.add(half, half), o.lt(o.abs(x), o.pick(2 ** -26, 2 ** -56)));
}

export function tanh(o: FloatLanes, x: Kept): Value {
  return o.wide ? tanhByExp(o, x) : tanhByHalf(o, x);
}

/** tanh x = h/(h + 1) with h = (e^2|x| - 1)/2; beyond the clamp it is 1 to rounding. */
function tanhByExp(o: FloatLanes, x: Kept): Value {
  const magnitude = o.keep(o.atMost(o.abs(x), o.pick(9.5, 20)));
  const half = o.keep(shiftedExpm1(o, o.keep(o.add(magnitude, magnitude)), 1));
  return o.copysign(o.div(half, o.add(half, 1)), x);
}

/**
 * tanh x = 2u/(1 + u^2) with u = tanh(x/2) = (b/2)/(1 + r), so tanh x = (b + b r)/(1 + r (r + 2) + b^2/4): half as long as by
 * the exponential. Where x is large u's error does not matter; where it is small so are r and b, and with them their errors.
 */
function tanhByHalf(o: FloatLanes, x: Kept): Value {
  const clamped = o.keep(o.atMost(o.atLeast(x, -9.04), 9.04));
  const square = o.keep(o.mul(clamped, clamped));
  const [p0, p1] = coefficients.halfTanh.p;
  const [q0, q1, q2] = coefficients.halfTanh.q;
  const p = o.fma(square, p1, p0);
  const b = o.keep(o.fma(p, o.mul(clamped, square), clamped));
  const q = o.fma(o.fma(square, q2, q1), square, q0);
  const r = o.keep(o.mul(q, square));
  const half = o.keep(o.mul(b, 0.5));
  const fourth = o.keep(o.mul(half, half));
  const ratio = o.div(o.fma(b, r, b), o.add(o.fma(o.add(r, 2), r, fourth), 1));
  // What was cut off leads far beyond 1, and the bounds back to it; rounding must not lead beyond it either. -0 - 0 is -0.
  const saturated = o.sub(ratio, o.mul(o.sub(clamped, x), 2 ** 24));
  return o.atMost(o.atLeast(saturated, -1), 1);
}

/** 1/(1 + e^-x) = n/(1 + z) with z = e^-|x|, n = 1 or, of negative x, z. */
export function sigmoid(o: FloatLanes, x: Kept): Value {
  const z = o.keep(expNegative(o, x));
  const one = o.keep(o.number(1));
  return o.div(o.select(z, one, o.lt(x, 0)), o.add(z, 1));
}

/** Above it sinh and cosh are infinite. */
const largest = (o: FloatLanes): number => o.pick(89.5, 710.5);

export function sinh(o: FloatLanes, x: Kept): Value {
  const magnitude = o.keep(o.abs(x));
  // With q = (e^|x| - 1)/4: sinh |x| = 2 q + q/(2 q + 1/2), and no part overflows before the sum does.
  const quarter = o.keep(shiftedExpm1(o, o.keep(o.atMost(magnitude, largest(o))), 2));
  const twice = o.keep(o.add(quarter, quarter));
  const sum = o.add(twice, o.div(quarter, o.add(twice, 0.5)));
  return o.select(x, o.copysign(sum, x), o.lt(magnitude, o.pick(2 ** -13, 2 ** -28)));
}

export function cosh(o: FloatLanes, x: Kept): Value {
  const { biased, tail } = reduceExponent(o, o.keep(o.atMost(o.abs(x), largest(o))));
  const quarter = o.keep(o.mul(o.add(tail, 1), shiftedPower(o, biased, 2)));
  return o.fma(quarter, 2, o.div(0.125, quarter));
}
