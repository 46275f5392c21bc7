import type { FunctionBuilder, Local, ModuleBuilder, Value } from '@neural-ode/assembler';
import { eachVector, type Load } from './each-vector.ts';

/** Sums over tensors, in double precision. */
export interface Sums {
  /** Of the products of the components of two tensors. */
  dot(a: number, b: number, bytes: number): number;
  /** Of the squares of error / (atol + rtol max(|y0|, |y1|)); 0 / 0 counts as 0, and a scale that is not finite as NaN. */
  scaledSquares(error: number, y0: number, y1: number, bytes: number, rtol: number, atol: number): number;
}

/** Emits them. */
export function emitSums(module: ModuleBuilder): void {
  module.function(
    'dot',
    { a: 'i32', b: 'i32', bytes: 'i32' },
    ['f64'],
    (f, { a, b, bytes }) =>
      sumOf(f, bytes, (load) => {
        const [x, y] = [f.let(load(a)), f.let(load(b))];
        return (wide) => f.f64x2.mul(wide(x), wide(y));
      }),
    { export: true },
  );
  module.function(
    'scaledSquares',
    { error: 'i32', y0: 'i32', y1: 'i32', bytes: 'i32', rtol: 'f64', atol: 'f64' },
    ['f64'],
    (f, { error, y0, y1, bytes, rtol, atol }) => {
      const [relative, absolute] = [f.let(f.f64x2.splat(rtol)), f.let(f.f64x2.splat(atol))];
      return sumOf(f, bytes, (load) => {
        const numerator = f.let(load(error));
        const larger = f.let(f.f32x4.max(f.f32x4.abs(load(y0)), f.f32x4.abs(load(y1))));
        return (wide) => {
          const e = f.let(wide(numerator));
          const scale = f.let(f.f64x2.add(absolute, f.f64x2.mul(relative, wide(larger))));
          const quotient = f.v128.and(f.f64x2.div(e, scale), f.f64x2.ne(e, 0));
          // What is added is zero, or NaN where the scale is not finite.
          const ratio = f.let(f.f64x2.add(quotient, f.f64x2.mul(scale, 0)));
          return f.f64x2.mul(ratio, ratio);
        };
      });
    },
    { export: true },
  );
}

/** Two of the four components of a vector, as doubles. */
type Widen = (vector: Local<'v128'>) => Value<'v128'>;

/** The sum of what `terms` computes from each vector, for either half of it. */
function sumOf(
  f: FunctionBuilder,
  bytes: Local<'i32'>,
  terms: (load: Load) => (wide: Widen) => Value<'v128'>,
): Value<'f64'> {
  // A sum for each half: one alone would wait for itself.
  const [low, high] = [f.local('v128'), f.local('v128')];
  eachVector(f, bytes, (load) => {
    const term = terms(load);
    f.set(
      low,
      f.f64x2.add(
        low,
        term((x) => f.f64x2.promoteLowF32x4(x)),
      ),
    );
    f.set(
      high,
      f.f64x2.add(
        high,
        term((x) => f.f64x2.promoteLowF32x4(f.f32x4.pick(x, x, [2, 3, 2, 3]))),
      ),
    );
  });
  f.set(low, f.f64x2.add(low, high));
  return f.f64.add(f.f64x2.extractLane(low, 0), f.f64x2.extractLane(low, 1));
}
