import type { AnyOperand, FunctionBuilder, FunctionRef, ModuleBuilder, Value, ValueType } from '../index.ts';
import { rsqrt, sign } from './basic.ts';
import { erf } from './error-function.ts';
import { cosh, exp, expm1, sigmoid, sinh, tanh } from './exponential.ts';
import { FloatLanes, type FloatShape, type Kept } from './float-lanes.ts';
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts';
import { log, log1p, softplus } from './logarithm.ts';
import { pow } from './power.ts';
import { fmod, mod } from './remainder.ts';
import { cos, sin, tan } from './trigonometric.ts';

type Unary = (o: FloatLanes, x: Kept, scalar: () => FunctionRef) => Value;
type Binary = (o: FloatLanes, x: Kept, y: Kept) => Value;

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
export type MathName = UnaryMath | BinaryMath;

const unary: Readonly<Record<UnaryMath, Unary>> = {
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

const binary: Readonly<Record<BinaryMath, Binary>> = { pow, atan2, fmod, mod };

export const unaryMath: readonly UnaryMath[] = Object.keys(unary) as UnaryMath[];
export const binaryMath: readonly BinaryMath[] = Object.keys(binary) as BinaryMath[];

/** Whether a name is one of the functions. */
export function isMath(name: string): name is MathName {
  return Object.hasOwn(unary, name) || Object.hasOwn(binary, name);
}

/** The number of a function's arguments. */
export function mathArity(name: MathName): 1 | 2 {
  return Object.hasOwn(unary, name) ? 1 : 2;
}

const valueType = (shape: FloatShape): ValueType => (shape === 'f32' || shape === 'f64' ? shape : 'v128');

/** The module's function of this name on this shape, added at the first call: `(x) -> y`, or `(x, y) -> z`. */
export function mathFunction(module: ModuleBuilder, name: MathName, shape: FloatShape): FunctionRef {
  const type = valueType(shape);
  // Measured in V8: where a call runs once, four lanes' literals are cheaper made ahead, two lanes' where they are used.
  const options = { literals: shape === 'f64x2' ? 'inline' : 'hoist' } as const;
  return module.once(`math ${name} ${shape}`, () => {
    const label = `${name}_${shape}`;
    return mathArity(name) === 1
      ? module.function(
          label,
          { x: type },
          [type],
          (f, { x }) => mathInline(module, f, name, shape, x) as never,
          options,
        )
      : module.function(
          label,
          { x: type, y: type },
          [type],
          (f, { x, y }) => mathInline(module, f, name, shape, x, y) as never,
          options,
        );
  });
}

/** The function's instructions, in place. Its locals are free again afterwards. */
export function mathInline(
  module: ModuleBuilder,
  f: FunctionBuilder,
  name: MathName,
  shape: FloatShape,
  ...operands: readonly AnyOperand[]
): Value {
  const o = new FloatLanes(module, f, shape);
  // Values come off the stack in the reverse of the order in which they were made.
  const kept: Kept[] = [];
  return f.scope(() => {
    for (let i = operands.length - 1; i >= 0; i--) kept[i] = keep(o, operands[i]!);
    const [x, y] = kept as [Kept, Kept];
    if (Object.hasOwn(binary, name)) return binary[name as BinaryMath](o, x, y);
    // The scalar double version, for lanes that take the long way.
    return unary[name as UnaryMath](o, x, () => mathFunction(module, name, 'f64'));
  });
}

function keep(o: FloatLanes, operand: AnyOperand): Kept {
  if (typeof operand === 'number' || typeof operand === 'bigint') return o.keep(o.number(Number(operand)));
  return 'index' in operand ? operand : o.keep(operand);
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
              const y = f.let(mathInline(module, f, name, shape, f[shape].load(from)) as Value<'v128'>);
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
