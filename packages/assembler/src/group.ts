import type { OperandStack } from './operand-stack.ts';
import type { AnyOperand, Shape, Value, ValueType } from './values.ts';

/** The instructions of one shape. */
export abstract class Group<S extends Shape, T extends ValueType> {
  readonly shape: S;
  /** What holds the shape. */
  readonly type: T;
  protected readonly code: OperandStack;
  /** 1 of 64-bit numbers, else 0. */
  protected readonly wide: 0 | 1;

  constructor(code: OperandStack, shape: S, type: T) {
    this.code = code;
    this.shape = shape;
    this.type = type;
    this.wide = shape.includes('64') ? 1 : 0;
  }
}

export type Unary<A, R extends ValueType> = (a: A) => Value<R>;
export type Binary<A, R extends ValueType> = (a: A, b: A) => Value<R>;

// biome-ignore lint/suspicious/noExplicitAny: a class of any shape
type GroupClass = { readonly prototype: any };
/** Its members that `instructions` sees; they are no one else's. */
interface Members {
  readonly code: OperandStack;
  readonly wide: 0 | 1;
  readonly shape: Shape;
  readonly type: ValueType;
}

const commuting = new Set('add mul and or xor min max minS minU maxS maxU'.split(' '));

/**
 * Gives a group instructions of one operand, which it declares: their names in the order of their opcodes.
 *
 * @param first the first one's opcode
 * @param behind how far the opcodes of 64-bit numbers lie behind those of 32-bit ones
 * @param result default: the group's own type
 */
export function unaries(group: GroupClass, first: number, behind: number, names: string, result?: ValueType): void {
  for (const [n, name] of names.split(' ').entries()) {
    group.prototype[name] = function (this: Members, a: AnyOperand): Value {
      return this.code.unary(first + n + behind * this.wide, this.shape, a, result ?? this.type);
    };
  }
}

/** The same of two operands. */
export function binaries(group: GroupClass, first: number, behind: number, names: string, result?: ValueType): void {
  for (const [n, name] of names.split(' ').entries()) {
    const commutes = commuting.has(name);
    group.prototype[name] = function (this: Members, a: AnyOperand, b: AnyOperand): Value {
      const { code, shape } = this;
      return code.binary(first + n + behind * this.wide, shape, a, b, result ?? this.type, commutes);
    };
  }
}
