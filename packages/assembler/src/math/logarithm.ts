import type { Value } from '../index.ts';
import * as coefficients from './coefficients.ts';
import { expNegative } from './exponential.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';

/** The bits of the square root of one half: mantissas are taken from it to its double. */
const rootHalfBits = (o: FloatLanes): bigint => o.pick(0x3f3504f3n, 0x3fe6a09e667f3bcdn);

export interface Split {
  /** The mantissa, in [sqrt(1/2), sqrt(2)). */
  readonly m: Kept;
  /** The bits of the exponent plus the format's bias. */
  readonly exponentBits: Kept;
  /** The exponent plus the format's bias, in its place above the mantissa. */
  readonly raised: Kept;
}

/** A positive normal number as m 2^k. */
export function splitExponent(o: FloatLanes, x: Kept): Split {
  const width = BigInt(o.mantissa);
  const root = rootHalfBits(o);
  const shifted = o.keep(o.bitsAdd(o.toBits(x), (BigInt(o.bias) << width) - root));
  const mantissaBits = (1n << width) - 1n;
  const m = o.keep(o.fromBits(o.bitsAdd(o.and(shifted, mantissaBits), root)) as Value);
  return { m, exponentBits: o.keep(o.shrU(shifted, o.mantissa)), raised: shifted };
}

/** A small unsigned integer as a float, less `offset`. */
export function exponentAsFloat(o: FloatLanes, bits: Kept, offset: Kept | number): Value {
  const base = 2 ** o.mantissa;
  const float = o.fromBits(o.or(bits, BigInt(o.bias + o.mantissa) << BigInt(o.mantissa)));
  return typeof offset === 'number' ? o.sub(float, base + offset) : o.sub(o.sub(float, base), offset);
}

/** ln(1 + f) + k ln 2, of 1 + f in [sqrt(1/2), sqrt(2)), by s = f/(2 + f) and ln(1 + f) = 2 atanh s = f - s (f - R(s^2)). */
function logOfParts(o: FloatLanes, f: Kept, k: Kept): Value {
  const s = o.keep(o.div(f, o.add(f, 2)));
  const z = o.keep(o.mul(s, s));
  const halfSquare = o.keep(o.mul(o.mul(f, 0.5), f));
  const series = o.mul(o.polynomial(z, coefficients.log), z);
  const [high, low] = o.wide ? coefficients.ln2Parts.float64 : coefficients.ln2Parts.float32;
  // f - f^2/2 carries the leading terms with one rounding; s (f^2/2 + R) is what is left of s f.
  const small = o.keep(o.fma(k, low, o.mul(o.add(series, halfSquare), s)));
  const rest = o.sub(f, o.sub(halfSquare, small));
  const kept = o.keep(rest);
  return o.fma(k, high, kept);
}

/** Puts in the results that the formula does not give: of `argument` <= 0 and of infinity and NaN. */
function atTheEnds(o: FloatLanes, result: Kept, argument: Kept, x: Kept): Value {
  const inside = o.keep(o.select(result, x, o.lt(argument, Number.POSITIVE_INFINITY)));
  const below = o.keep(o.select(Number.NEGATIVE_INFINITY, Number.NaN, o.keep(o.eq(argument, 0))));
  return o.select(below, inside, o.le(argument, 0));
}

export function log(o: FloatLanes, x: Kept): Value {
  const subnormal = o.keep(o.lt(x, o.pick(2 ** -126, 2 ** -1022)));
  const scaled = o.keep(o.mul(x, o.pick(2 ** 24, 2 ** 54)));
  const { m, exponentBits } = splitExponent(o, o.keep(o.select(scaled, x, subnormal)));
  const offset = o.keep(o.select(o.bias + o.pick(24, 54), o.bias, subnormal));
  const k = o.keep(exponentAsFloat(o, exponentBits, offset));
  return atTheEnds(o, o.keep(logOfParts(o, o.keep(o.sub(m, 1)), k)), x, x);
}

export function log1p(o: FloatLanes, x: Kept): Value {
  const one = o.keep(o.number(1));
  const [u, rest] = o.twoSum(one, x);
  const { m, exponentBits, raised } = splitExponent(o, u);
  const k = o.keep(exponentAsFloat(o, exponentBits, o.bias));
  // What 1 + x lost to rounding, at the mantissa's scale; nothing is left of it where x is large.
  const width = BigInt(o.mantissa);
  const exponentMask = ((1n << BigInt(o.wide ? 12 : 9)) - 1n) << width;
  const scale = o.keep(o.fromBits(o.bitsSub(BigInt(2 * o.bias) << width, o.and(raised, exponentMask))) as Value);
  const correction = o.keep(o.mul(rest, scale));
  const lost = o.keep(o.select(correction, 0, o.keep(o.lt(x, 2 ** 60))));
  const result = o.keep(logOfParts(o, o.keep(o.add(o.sub(m, 1), lost)), k));
  return atTheEnds(o, o.keep(o.copysign(result, x)), u, x);
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + z) with z = e^-|x|, and ln(1 + z) = 2 atanh(z/(2 + z)). */
export function softplus(o: FloatLanes, x: Kept): Value {
  const z = o.keep(expNegative(o, x));
  const s = o.keep(o.div(z, o.add(z, 2)));
  const square = o.keep(o.mul(s, s));
  const cube = o.keep(o.mul(square, s));
  const tail = o.keep(o.fma(o.polynomial(square, coefficients.log1pUnit), cube, o.add(s, s)));
  return o.add(o.atLeast(x, 0), tail);
}
