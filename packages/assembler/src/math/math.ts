import type { FunctionRef, ModuleBuilder, Value } from '../index.ts';
import { rsqrt, sign } from './basic.ts';
import { erf } from './error-function.ts';
import { cosh, exp, expm1, sigmoid, sinh, tanh } from './exponential.ts';
import type { FloatShape } from './float-lanes.ts';
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts';
import { MathLibrary, type UnaryWriter } from './library.ts';
import { log, log1p, softplus } from './logarithm.ts';
import { pow } from './power.ts';
import { fmod, mod } from './remainder.ts';
import { cos, sin, tan } from './trigonometric.ts';

/** The functions of one argument; `round` takes halves to even, `sign` leaves zeros and NaN as they are. */
export type UnaryMath =
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'sinh'
  | 'cosh'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'erf'
  | 'sqrt'
  | 'rsqrt'
  | 'sign'
  | 'round'
  | 'floor'
  | 'ceil'
  | 'trunc';
/** The functions of two: x^y, the angle of (y, x), JavaScript's `%`, and the remainder with the divisor's sign. */
export type BinaryMath = 'pow' | 'atan2' | 'fmod' | 'mod';

const unary: Readonly<Record<UnaryMath, UnaryWriter>> = {
  exp,
  expm1,
  log,
  log1p,
  tanh,
  sigmoid,
  softplus,
  sinh,
  cosh,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  erf,
  sqrt: (o, x) => o.sqrt(x),
  rsqrt,
  sign,
  round: (o, x) => o.nearest(x),
  floor: (o, x) => o.floor(x),
  ceil: (o, x) => o.ceil(x),
  trunc: (o, x) => o.trunc(x),
};

/** All functions. */
export const math: MathLibrary<UnaryMath, BinaryMath> = /* @__PURE__ */ new MathLibrary(unary, {
  pow,
  atan2,
  fmod,
  mod,
});

/** The module's function of this name on this shape, of all there are; see {@link MathLibrary.function}. */
export function mathFunction(module: ModuleBuilder, name: UnaryMath | BinaryMath, shape: FloatShape): FunctionRef {
  return math.function(module, name, shape);
}

/**
 * `(from, to, count: i32)`: the function over an array, a vector at a time, its literals in registers. `count` numbers, at
 * 16-byte multiples of length: the last vector is read and written whole. `to` may be `from`.
 */
export function mathArray(module: ModuleBuilder, name: UnaryMath, shape: 'f32x4' | 'f64x2'): FunctionRef {
  return module.once(`math array ${name} ${shape}`, () =>
    module.function(
      `${name}_${shape}_array`,
      { from: 'i32', to: 'i32', count: 'i32' },
      [],
      (f, { from, to, count }) => {
        const size = shape === 'f32x4' ? 2 : 3;
        const end = f.let(f.i32.add(from, f.i32.shl(count, size)));
        f.if(count, () => {
          f.loop((again) => {
            f.scope(() => {
              const y = f.let(math.inline(module, f, name, shape, f[shape].load(from)) as Value<'v128'>);
              f[shape].store(to, y);
            });
            f.set(to, f.i32.add(to, 16));
            f.brIf(again, f.i32.ltU(f.tee(from, f.i32.add(from, 16)), end));
          });
        });
      },
    ),
  );
}
