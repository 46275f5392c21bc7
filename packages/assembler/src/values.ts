/** WebAssembly's number and vector types. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** How an operation reads its operands: a scalar type, or a `v128` as lanes. */
export type Shape = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'i32x4' | 'i64x2' | 'f32x4' | 'f64x2';

/** The binary format's byte of each value type. */
export const typeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** The value type that holds a shape. */
export const typeOfShape: Readonly<Record<Shape, ValueType>> = {
  i32: 'i32',
  i64: 'i64',
  f32: 'f32',
  f64: 'f64',
  v128: 'v128',
  i32x4: 'v128',
  i64x2: 'v128',
  f32x4: 'v128',
  f64x2: 'v128',
};

/**
 * The result of an instruction, lying on WebAssembly's operand stack: good for one use, and in the order in which it was
 * made. `FunctionBuilder.let` keeps it in a local, which can be used any number of times.
 */
export class Value<T extends ValueType = ValueType> {
  /** Types only: tells a value from a local. */
  declare protected readonly onStack: true;
  readonly type: T;

  constructor(type: T) {
    this.type = type;
  }
}

/** A local variable or a parameter of the function being built. */
export class Local<T extends ValueType = ValueType> {
  readonly type: T;
  readonly index: number;
  /** False once freed: its slot may serve another local. */
  live = true;

  constructor(type: T, index: number) {
    this.type = type;
    this.index = index;
  }
}

/** A value, a local, or a number written as a literal of the operation's type. */
export type Operand<T extends ValueType = ValueType> =
  | Value<T>
  | Local<T>
  | (T extends 'i32' | 'f32' | 'f64' ? number : T extends 'i64' ? number | bigint : never);

/** A vector; a number stands for itself in every lane. */
export type Lanes = Value<'v128'> | Local<'v128'> | number;

/** A vector of 64-bit integers; a number stands for itself in every lane. */
export type WideLanes = Lanes | bigint;

/** Anything an operation accepts; which of them is right depends on the operation's type. */
export type AnyOperand = Value | Local | number | bigint;

/** A function of the module, imported or defined. */
export interface FunctionRef<R extends readonly ValueType[] = readonly ValueType[]> {
  readonly kind: 'function';
  readonly index: number;
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: R;
}

/** A global variable of the module. */
export interface GlobalRef<T extends ValueType = ValueType> {
  readonly kind: 'global';
  readonly index: number;
  readonly type: T;
  readonly mutable: boolean;
}

/** The module's memory. */
export interface MemoryRef {
  readonly kind: 'memory';
  readonly index: number;
}

/** What a call leaves: nothing, one value, or several in order. */
export type Results<R extends readonly ValueType[]> = R extends readonly []
  ? undefined
  : R extends readonly [infer T extends ValueType]
    ? Value<T>
    : { readonly [K in keyof R]: Value<R[K] extends ValueType ? R[K] : never> };

/** The builder was used wrongly: an operand of another type, used twice or out of order, or a missing capability. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}
