import type { Value } from '../index.ts';
import * as coefficients from './coefficients.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';
import { exponentAsFloat, splitExponent } from './logarithm.ts';

/** The upper 21 bits of a double's mantissa: products of two such numbers are exact. */
const short = (o: FloatLanes, x: Value): Kept => o.keep(o.fromBits(o.and(o.toBits(x), -(1n << 32n))) as Value);

/**
 * 2^(y log2 x) of normal positive doubles, log2 x as the sum of a short number and a rest, so that the product with y is
 * good to 2^-64 of its size. The arrangement is that of the Sun library of 1993, over this package's polynomials.
 */
function powerOfDoubles(o: FloatLanes, x: Kept, offset: Kept | number, y: Kept): Value {
  const { m, exponentBits } = splitExponent(o, x);
  const k = o.keep(exponentAsFloat(o, exponentBits, offset));
  // s = (m - 1)/(m + 1) = sHigh + sLow.
  const f = o.keep(o.sub(m, 1));
  const d = o.keep(o.add(m, 1));
  const dLost = o.keep(o.sub(m, o.sub(d, 1)));
  const s = o.keep(o.div(f, d));
  const sHigh = short(o, o.f.get(s));
  const dHigh = short(o, o.f.get(d));
  const dLow = o.keep(o.add(o.sub(d, dHigh), dLost));
  const sLow = o.keep(o.div(o.fnma(sHigh, dLow, o.fnma(sHigh, dHigh, f)), d));
  // ln m = 2/3 s (3 + s^2 + tail).
  const z = o.keep(o.mul(s, s));
  const zHigh = o.keep(o.mul(sHigh, sHigh));
  const zLow = o.mul(o.add(sHigh, s), sLow);
  const tail = o.keep(o.add(zLow, o.mul(o.mul(o.polynomial(z, coefficients.logTail), z), z)));
  const t = short(o, o.add(o.add(zHigh, 3), tail));
  const tLow = o.keep(o.sub(tail, o.sub(o.sub(t, 3), zHigh)));
  const u = o.keep(o.mul(sHigh, t));
  const v = o.keep(o.fma(sLow, t, o.mul(tLow, s)));
  const p = short(o, o.add(u, v));
  const pLow = o.keep(o.sub(v, o.sub(p, u)));
  // log2 x = k + scale (p + pLow) = high + low.
  const w = o.keep(o.mul(p, coefficients.log2Scale[0]));
  const wLow = o.keep(
    o.fma(pLow, coefficients.log2Scale[0] + coefficients.log2Scale[1], o.mul(p, coefficients.log2Scale[1])),
  );
  const high = short(o, o.add(o.add(w, wLow), k));
  const low = o.keep(o.sub(wLow, o.sub(o.sub(high, k), w)));
  // y log2 x, held within what 2^x needs.
  const yHigh = short(o, o.f.get(y));
  const product = o.keep(o.mul(yHigh, high));
  const productLow = o.keep(o.fma(o.sub(y, yHigh), high, o.mul(y, low)));
  const total = o.keep(o.add(product, productLow));
  const inside = o.keep(o.lt(o.abs(total), 1100));
  const bounded = o.keep(o.atMost(o.atLeast(total, -1100), 1100));
  const exact = o.keep(o.select(product, bounded, inside));
  const exactLow = o.keep(o.select(productLow, 0, inside));
  // 2^(n + r) with r = exact - n + exactLow, as e^(r ln 2).
  const biased = o.keep(o.add(bounded, o.roundingBias));
  const n = o.keep(o.sub(biased, o.roundingBias));
  const rest = o.keep(o.sub(exact, n));
  const r = short(o, o.add(rest, exactLow));
  const rLow = o.keep(o.sub(exactLow, o.sub(r, rest)));
  const scaled = o.keep(o.mul(r, coefficients.ln2Short[0]));
  const scaledLow = o.keep(o.fma(rLow, Math.LN2, o.mul(r, coefficients.ln2Short[1])));
  const argument = o.keep(o.add(scaled, scaledLow));
  const lost = o.keep(o.sub(scaledLow, o.sub(argument, scaled)));
  const square = o.keep(o.mul(argument, argument));
  const small = o.keep(o.fma(argument, lost, lost));
  const value = o.add(o.add(o.fma(o.polynomial(argument, coefficients.expm1), square, small), argument), 1);
  const [first, second] = o.halves(o.vector ? biased : o.keep(o.toBits(biased) as Value));
  return o.mul(o.mul(value, o.powerOfTwo(first)), o.powerOfTwo(second));
}

/** The same of floats, in double precision and with shorter polynomials. */
function powerOfFloats(o: FloatLanes, x: Kept, y: Kept): Kept {
  const [power] = o.inDouble(
    [x, y],
    (d, [base, exponent]) => {
      const { m, exponentBits } = splitExponent(d, base!);
      const k = d.keep(exponentAsFloat(d, exponentBits, d.bias));
      const s = d.keep(d.div(d.sub(m, 1), d.add(m, 1)));
      const z = d.keep(d.mul(s, s));
      const series = d.fma(d.mul(d.polynomial(z, coefficients.medium.logTail), z), z, d.add(z, 3));
      const logarithm = d.fma(d.mul(series, s), 2 / 3 / Math.LN2, k);
      const total = d.mul(logarithm, exponent!);
      const bounded = d.keep(d.atMost(d.atLeast(total, -1000), 1000));
      const biased = d.keep(d.add(bounded, d.roundingBias));
      const r = d.keep(d.mul(d.sub(bounded, d.sub(biased, d.roundingBias)), Math.LN2));
      const square = d.keep(d.mul(r, r));
      const value = d.add(d.fma(d.polynomial(r, coefficients.medium.expm1), square, r), 1);
      return [d.keep(d.mul(value, d.powerOfTwo(d.toBits(biased))))];
    },
    1,
  );
  return power!;
}

/** x^y with every case of Math.pow. */
export function pow(o: FloatLanes, x: Kept, y: Kept): Value {
  const ax = o.keep(o.abs(x));
  const ay = o.keep(o.abs(y));
  let magnitude: Kept;
  if (o.wide) {
    const subnormal = o.keep(o.lt(ax, 2 ** -1022));
    const scaled = o.keep(o.mul(ax, 2 ** 54));
    const base = o.keep(o.select(scaled, ax, subnormal));
    const offset = o.keep(o.select(o.bias + 54, o.bias, subnormal));
    // Beyond 2^65 every base but 1 gives 0 or infinity.
    const exponent = o.keep(o.atMost(o.atLeast(y, -(2 ** 65)), 2 ** 65));
    magnitude = o.keep(powerOfDoubles(o, base, offset, exponent));
  } else {
    magnitude = powerOfFloats(o, ax, y);
  }
  const infinity = o.keep(o.number(Number.POSITIVE_INFINITY));
  const zero = o.keep(o.number(0));
  const nan = o.keep(o.number(Number.NaN));
  const one = o.keep(o.number(1));
  // 0 and infinity to a power.
  const isZero = o.keep(o.eq(ax, zero));
  const vanishes = o.keep(o.differ(isZero, o.lt(y, zero)));
  const atEnds = o.keep(o.select(zero, infinity, vanishes));
  const ends = o.keep(o.either(isZero, o.eq(ax, infinity)));
  const unsigned = o.keep(o.select(atEnds, magnitude, ends));
  // The sign: negative to an odd integer.
  const half = o.keep(o.mul(y, 0.5));
  const whole = o.keep(o.eq(o.trunc(y), y));
  const odd = o.keep(o.both(o.ne(o.trunc(half), half), whole));
  const signed = o.keep(o.copysign(unsigned, x));
  const value = o.keep(o.select(signed, unsigned, odd));
  // A negative number to a broken power; 1 to an infinite one; NaN; anything to the power 0.
  const negative = o.both(o.lt(x, zero), o.lt(ax, infinity));
  const broken = o.keep(o.both(negative, o.ne(o.trunc(y), y)));
  const undecided = o.keep(o.both(o.eq(ax, one), o.eq(ay, infinity)));
  const none = o.keep(o.either(o.either(broken, undecided), o.either(o.ne(x, x), o.ne(y, y))));
  const known = o.keep(o.select(nan, value, none));
  return o.select(one, known, o.keep(o.eq(y, zero)));
}
