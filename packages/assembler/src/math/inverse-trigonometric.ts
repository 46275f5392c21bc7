import type { Value } from '../index.ts';
import * as coefficients from './coefficients.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';

const parts = (o: FloatLanes): readonly [number, number] =>
  o.wide ? coefficients.quarterPi.float64 : coefficients.quarterPi.float32;

/** atan(above/below) of 0 <= above <= below, as tan(pi/8) and tan(pi/4) divide it. */
function atanOfQuotient(o: FloatLanes, above: Kept, below: Kept): { value: Kept; low: Kept } {
  const [high, low] = parts(o);
  // Above tan(pi/8), atan(a/b) = pi/4 + atan((a - b)/(a + b)).
  const turned = o.keep(o.gt(above, o.mul(below, Math.SQRT2 - 1)));
  const a = o.keep(o.select(o.keep(o.sub(above, below)), above, turned));
  const b = o.select(o.keep(o.add(above, below)), below, turned);
  const t = o.keep(o.div(a, b));
  const z = o.keep(o.mul(t, t));
  const cube = o.keep(o.mul(z, t));
  const tail = o.mul(o.polynomial(z, coefficients.atan), cube);
  const offset = o.keep(o.select(high, 0, turned));
  const offsetLow = o.keep(o.select(low, 0, turned));
  const small = o.keep(o.add(tail, offsetLow));
  // The sum offset + t + small, with what its rounding lost: pi/2 or pi may still be added.
  const [sum, lost] = o.twoSum(offset, t);
  const rest = o.keep(o.add(lost, small));
  const [value, remainder] = o.fastTwoSum(sum, rest);
  return { value, low: remainder };
}

/** `multiple` pi/4 - (value + low), where the mask holds, else the value. */
function reflect(o: FloatLanes, multiple: number, { value, low }: { value: Kept; low: Kept }, mask: Kept) {
  const [high, rest] = parts(o);
  const difference = o.sub(o.number(multiple * high), value);
  const kept = o.keep(difference);
  const lost = o.sub(o.sub(o.number(multiple * high), kept), value);
  const small = o.keep(o.add(o.sub(lost, low), multiple * rest));
  const reflected = o.keep(o.add(kept, small));
  const zero = o.keep(o.number(0));
  return { value: o.keep(o.select(reflected, value, mask)), low: o.keep(o.select(zero, low, mask)) };
}

export function atan(o: FloatLanes, x: Kept): Value {
  const magnitude = o.keep(o.abs(x));
  const steep = o.keep(o.gt(magnitude, 1));
  // Infinity over one would be infinity over infinity where it is turned.
  const finite = o.keep(o.atMost(magnitude, 2 ** o.pick(64, 128)));
  const one = o.keep(o.number(1));
  const above = o.keep(o.select(one, magnitude, steep));
  const below = o.keep(o.select(finite, one, steep));
  const { value } = reflect(o, 2, atanOfQuotient(o, above, below), steep);
  return o.copysign(value, x);
}

/** The angle of the point (x, y), in (-pi, pi], with the cases of Math.atan2. */
export function atan2(o: FloatLanes, y: Kept, x: Kept): Value {
  const ay = o.keep(o.abs(y));
  const ax = o.keep(o.abs(x));
  const steep = o.keep(o.gt(ay, ax));
  const larger = o.keep(o.select(ay, ax, steep));
  const smaller = o.keep(o.select(ax, ay, steep));
  // Numbers near the ends of the range are brought inside, both by the same factor.
  const big = o.keep(o.gt(larger, o.pick(2 ** 125, 2 ** 1021)));
  const tiny = o.keep(o.lt(larger, o.pick(2 ** -100, 2 ** -960)));
  const down = o.keep(o.select(0.25, 1, big));
  const scale = o.keep(o.select(o.keep(o.number(o.pick(2 ** 50, 2 ** 120))), down, tiny));
  const below = o.keep(o.mul(larger, scale));
  const above = o.keep(o.mul(smaller, scale));
  // Infinity over infinity is 1, anything else over infinity 0; zero over zero is 0.
  const infinity = Number.POSITIVE_INFINITY;
  const share = o.keep(o.select(1, 0, o.keep(o.eq(smaller, infinity))));
  const infinite = o.keep(o.eq(larger, infinity));
  const dividend = o.keep(o.select(share, above, infinite));
  const divisor = o.keep(o.select(1, below, o.keep(o.either(infinite, o.eq(below, 0)))));
  const first = reflect(o, 2, atanOfQuotient(o, dividend, divisor), steep);
  // The sign bit tells, so that -0 counts as negative.
  const negative = o.keep(o.lt(o.copysign(o.number(1), x), 0));
  const { value } = reflect(o, 4, first, negative);
  // A NaN in either: comparisons and selects may have lost it.
  const checked = o.keep(o.eq(ay, ay));
  const known = o.keep(o.both(o.eq(ax, ax), checked));
  return o.copysign(o.select(value, Number.NaN, known), y);
}

/** asin t - t, of |t| <= 1/2. */
function asinTail(o: FloatLanes, t: Kept, z: Kept): Value {
  const cube = o.keep(o.mul(z, t));
  return o.mul(o.polynomial(z, coefficients.asin), cube);
}

/** t and t^2 of asin x = asin t, or, of |x| > 1/2, of pi/2 - 2 asin t with t = sqrt((1 - |x|)/2). */
function reduceSine(o: FloatLanes, x: Kept): { near: Kept; t: Kept; tail: Kept } {
  const magnitude = o.keep(o.abs(x));
  const near = o.keep(o.gt(magnitude, 0.5));
  const half = o.keep(o.mul(o.sub(1, magnitude), 0.5));
  const square = o.keep(o.mul(x, x));
  const z = o.keep(o.select(half, square, near));
  const root = o.keep(o.sqrt(half));
  const t = o.keep(o.select(root, magnitude, near));
  return { near, t, tail: o.keep(asinTail(o, t, z)) };
}

export function asin(o: FloatLanes, x: Kept): Value {
  const { near, t, tail } = reduceSine(o, x);
  const [high, low] = parts(o);
  // pi/2 - 2 (t + tail), from the small parts up.
  const twice = o.keep(o.add(tail, tail));
  const lower = o.keep(o.sub(2 * low, twice));
  const reflected = o.keep(o.add(o.add(o.sub(o.number(high), o.add(t, t)), lower), high));
  const direct = o.keep(o.add(t, tail));
  return o.copysign(o.select(reflected, direct, near), x);
}

export function acos(o: FloatLanes, x: Kept): Value {
  const { near, t, tail } = reduceSine(o, x);
  const [high, low] = parts(o);
  const negative = o.keep(o.lt(x, 0));
  // Near 1: 2 (t + tail); near -1: pi - that; between: pi/2 - sign (t + tail).
  const sum = o.keep(o.add(t, tail));
  const fromOne = o.keep(o.add(sum, sum));
  const fromMinusOne = o.keep(o.mul(o.sub(2 * high, o.sub(sum, 2 * low)), 2));
  const atEnds = o.keep(o.select(fromMinusOne, fromOne, negative));
  const signedT = o.keep(o.copysign(t, x));
  const signedTail = o.keep(o.copysign(tail, x));
  const between = o.keep(o.sub(o.number(2 * high), o.add(o.sub(signedTail, 2 * low), signedT)));
  return o.select(atEnds, between, near);
}
