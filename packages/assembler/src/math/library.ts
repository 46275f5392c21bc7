import type { AnyOperand, FunctionBuilder, FunctionRef, ModuleBuilder, Value, ValueType } from '../index.ts';
import { FloatLanes, type FloatShape, type Kept } from './float-lanes.ts';

/** Writes a function of one argument; `scalar` is its function of doubles, for lanes that take the long way. */
export type UnaryWriter = (o: FloatLanes, x: Kept, scalar: () => FunctionRef) => Value;
/** Writes a function of two. */
export type BinaryWriter = (o: FloatLanes, x: Kept, y: Kept) => Value;

const valueType = (shape: FloatShape): ValueType => (shape === 'f32' || shape === 'f64' ? shape : 'v128');

/**
 * Mathematical functions by name. Who takes few of them makes a library of those, so that bundlers leave the others out.
 *
 * @example
 * const library = new MathLibrary({ exp, tanh }, { pow });
 */
export class MathLibrary<U extends string, B extends string> {
  readonly unary: Readonly<Record<U, UnaryWriter>>;
  readonly binary: Readonly<Record<B, BinaryWriter>>;

  constructor(unary: Readonly<Record<U, UnaryWriter>>, binary: Readonly<Record<B, BinaryWriter>>) {
    this.unary = unary;
    this.binary = binary;
  }

  /** Whether a name is one of the functions. */
  has(name: string): name is U | B {
    return Object.hasOwn(this.unary, name) || Object.hasOwn(this.binary, name);
  }

  /** The number of a function's arguments. */
  arity(name: U | B): 1 | 2 {
    return Object.hasOwn(this.unary, name) ? 1 : 2;
  }

  /** The module's function of this name on this shape, added at the first call: `(x) -> y`, or `(x, y) -> z`. */
  function(module: ModuleBuilder, name: U | B, shape: FloatShape): FunctionRef {
    const type = valueType(shape);
    const params: Record<string, ValueType> = this.arity(name) === 1 ? { x: type } : { x: type, y: type };
    return module.once(`math ${name} ${shape}`, () =>
      module.function(
        `${name}_${shape}`,
        params,
        [type],
        (f, operands) => this.inline(module, f, name, shape, ...Object.values(operands)) as never,
        // Measured in V8: where a call runs once, four lanes' literals are cheaper made ahead, two lanes' where they are used.
        { literals: shape === 'f64x2' ? 'inline' : 'hoist' },
      ),
    );
  }

  /** The function's instructions, in place. Its locals are free again afterwards. */
  inline(
    module: ModuleBuilder,
    f: FunctionBuilder,
    name: U | B,
    shape: FloatShape,
    ...operands: readonly AnyOperand[]
  ): Value {
    const o = new FloatLanes(module, f, shape);
    // Values come off the stack in the reverse of the order in which they were made.
    const kept: Kept[] = [];
    return f.scope(() => {
      for (let i = operands.length - 1; i >= 0; i--) kept[i] = keep(o, operands[i]!);
      const [x, y] = kept as [Kept, Kept];
      if (this.arity(name) === 2) return this.binary[name as B](o, x, y);
      return this.unary[name as U](o, x, () => this.function(module, name, 'f64'));
    });
  }
}

function keep(o: FloatLanes, operand: AnyOperand): Kept {
  if (typeof operand === 'number' || typeof operand === 'bigint') return o.keep(o.number(Number(operand)));
  return 'index' in operand ? operand : o.keep(operand);
}
