import type { FunctionRef, Value } from '../index.ts';
import * as coefficients from './coefficients.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';
import { hugeAngle } from './huge-angle.ts';

/** Up to here x times 2/pi has 20 bits, and its products with the parts of pi/2 are exact. */
const largest = 1e6;

interface Angle {
  /** x less the nearest multiple of pi/2. */
  readonly high: Kept;
  /** What `high` lost to rounding; absent in single precision. */
  readonly low?: Kept;
  /** The multiple's bits, of which the lowest two count. */
  readonly quadrant: Kept;
}

/** Cody and Waite's reduction of doubles, with pi/2 in four parts and the roundings carried along. */
function reduceDouble(o: FloatLanes, x: Kept): Required<Angle> {
  const biased = o.keep(o.fma(x, 2 / Math.PI, o.roundingBias));
  const k = o.keep(o.sub(biased, o.roundingBias));
  const [p1, p2, p3, p4] = coefficients.halfPiParts;
  const first = o.keep(o.fnma(k, p1, x));
  const [second, error2] = o.twoSum(first, o.keep(o.mul(k, -p2)));
  const [third, error3] = o.twoSum(second, o.keep(o.mul(k, -p3)));
  const rest = o.keep(o.fnma(k, p4, o.add(error2, error3)));
  const [high, low] = o.fastTwoSum(third, rest);
  return { high, low, quadrant: o.vector ? biased : o.keep(o.toBits(biased) as Value) };
}

/** The reduction of floats, in double precision. */
function reduceFloat(o: FloatLanes, x: Kept): Angle {
  const [high, quadrant] = o.inDouble(
    [x],
    (d, [wide]) => {
      const biased = d.keep(d.fma(wide!, 2 / Math.PI, d.roundingBias));
      const k = d.keep(d.sub(biased, d.roundingBias));
      const [p1, p2, p3] = coefficients.halfPiParts;
      const r = d.keep(d.fnma(k, p2 + p3, d.fnma(k, p1, wide!)));
      return [r, d.vector ? biased : d.keep(d.toBits(biased) as Value)];
    },
    1,
  );
  return { high: high!, quadrant: quadrant! };
}

function sineAndCosine(o: FloatLanes, { high, low }: Angle): readonly [Kept, Kept] {
  const z = o.keep(o.mul(high, high));
  const half = o.keep(o.mul(z, 0.5));
  const cube = o.keep(o.mul(z, high));
  let sineTail = o.mul(o.polynomial(z, coefficients.sin), cube);
  // sin(h + l) = sin h + l cos h, cos(h + l) = cos h - l sin h.
  if (low) sineTail = o.add(sineTail, o.fnma(half, low, low));
  const sine = o.keep(o.add(sineTail, high));
  let cosineTail = o.mul(o.mul(o.polynomial(z, coefficients.cos), z), z);
  if (low) cosineTail = o.fnma(high, low, cosineTail);
  const tail = o.keep(cosineTail);
  const leading = o.keep(o.sub(1, half));
  const rounding = o.sub(o.sub(1, leading), half);
  return [sine, o.keep(o.add(o.add(rounding, tail), leading))];
}

/** Builds a function of an angle, with the long way for large ones behind a branch that is seldom taken. */
function ofAngle(o: FloatLanes, x: Kept, scalar: () => FunctionRef, finish: (angle: Angle) => Value): Value {
  const { f } = o;
  const isLarge = o.any(o.le(largest, o.abs(x)));
  if (o.shape !== 'f64') {
    return f.choose(
      o.type,
      isLarge,
      () => o.perLane(scalar(), x) as never,
      () => finish(o.wide ? reduceDouble(o, x) : reduceFloat(o, x)) as never,
    );
  }
  const [high, low, quadrant] = [f.local('f64'), f.local('f64'), f.local('i64')];
  f.if(
    isLarge,
    () => {
      const results = f.call(hugeAngle(o.module), x);
      f.set(quadrant, results[2]);
      f.set(low, results[1]);
      f.set(high, results[0]);
    },
    () => {
      const angle = reduceDouble(o, x);
      f.set(high, angle.high as never);
      f.set(low, angle.low as never);
      f.set(quadrant, angle.quadrant as never);
    },
  );
  return finish({ high, low, quadrant });
}

/** The lowest bit of the quadrant as a mask. */
function isOdd(o: FloatLanes, quadrant: Kept): Kept {
  const bit = o.and(quadrant, 1n);
  if (!o.vector) return o.keep(o.wide ? o.f.i32.wrapI64(bit as Value<'i64'>) : bit);
  const group = o.wide ? o.f.i64x2 : o.f.i32x4;
  return o.keep(group.neg(bit as Value<'v128'>));
}

/** The second bit of the quadrant, as a sign bit. */
function signOf(o: FloatLanes, quadrant: Kept): Kept {
  const width = BigInt(o.wide ? 63 : 31);
  return o.keep(o.and(o.shl(quadrant, o.wide ? 62 : 30), 1n << width));
}

export function sin(o: FloatLanes, x: Kept, scalar: () => FunctionRef): Value {
  const value = ofAngle(o, x, scalar, (angle) => {
    const [sine, cosine] = sineAndCosine(o, angle);
    const magnitude = o.select(cosine, sine, isOdd(o, angle.quadrant));
    return flip(o, o.keep(magnitude), signOf(o, angle.quadrant));
  });
  // The reduction turns -0 into +0.
  return o.select(x, value, o.keep(o.eq(x, 0)));
}

export function cos(o: FloatLanes, x: Kept, scalar: () => FunctionRef): Value {
  return ofAngle(o, x, scalar, (angle) => {
    const [sine, cosine] = sineAndCosine(o, angle);
    const magnitude = o.select(sine, cosine, isOdd(o, angle.quadrant));
    const next = o.keep(o.bitsAdd(angle.quadrant, 1n));
    return flip(o, o.keep(magnitude), signOf(o, next));
  });
}

export function tan(o: FloatLanes, x: Kept, scalar: () => FunctionRef): Value {
  const value = ofAngle(o, x, scalar, (angle) => {
    const [sine, cosine] = sineAndCosine(o, angle);
    const odd = isOdd(o, angle.quadrant);
    const above = o.keep(o.select(o.keep(o.neg(cosine)), sine, odd));
    return o.div(above, o.select(sine, cosine, odd));
  });
  return o.select(x, value, o.keep(o.eq(x, 0)));
}

function flip(o: FloatLanes, value: Kept, signBit: Kept): Value {
  return o.fromBits(o.xor(o.toBits(value), signBit)) as Value;
}
