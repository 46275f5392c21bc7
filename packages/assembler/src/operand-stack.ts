import { ByteWriter, joined } from './byte-writer.ts';
import { type Literal, writeLiteral } from './literal.ts';
import {
  type AnyOperand,
  AssemblyError,
  type GlobalRef,
  Local,
  type Operand,
  type Shape,
  typeCode,
  typeOfShape,
  Value,
  type ValueType,
} from './values.ts';

/** Opcodes behind a prefix byte are written as the prefix's base plus their number. */
export const simd = 0x10000;
/** Saturating truncations and bulk memory. */
export const misc = 0x20000;
/** Atomics. */
export const atomic = 0x30000;

/** A block, loop or if being built: the target of `br` and `brIf`. */
export interface Label {
  /** Height of the operand stack where it began. */
  readonly base: number;
  readonly depth: number;
  /** After an unconditional jump nothing more may be emitted in it. */
  dead: boolean;
}

/** Choices of one function. */
export interface CodeOptions {
  /** Whether relaxed SIMD may be emitted: `fma` fuses where the machine can. Default false. */
  readonly relaxedSimd?: boolean;
  /**
   * Where vector literals are made: once at the head of the function, each in a local (`hoist`, for loops), or where they
   * are used (`inline`, for code that runs once a call). Default `hoist`.
   */
  readonly literals?: 'hoist' | 'inline';
}

/**
 * The locals, the literals and the operand stack of one function's instructions. A shadow of WebAssembly's operand stack
 * holds the values made and not yet used, and every operation checks its operands on it.
 */
export class OperandStack {
  readonly relaxedSimd: boolean;
  readonly #hoist: boolean;
  protected readonly bytes: ByteWriter = new ByteWriter();
  readonly #prologue = new ByteWriter();
  protected readonly stack: Value[] = [];
  protected readonly frames: Label[] = [];
  /** The innermost of the frames. */
  protected frame: Label = { base: 0, depth: 0, dead: false };
  readonly #paramCount: number;
  readonly #localTypes: ValueType[] = [];
  readonly #free: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #scopes: Local[][] = [];
  readonly #literals = new Map<Shape, Map<number | bigint | string, Local<'v128'>>>();
  protected readonly results: readonly ValueType[];

  constructor(paramCount: number, results: readonly ValueType[], options: CodeOptions = {}) {
    this.relaxedSimd = options.relaxedSimd ?? false;
    this.#hoist = (options.literals ?? 'hoist') === 'hoist';
    this.#paramCount = paramCount;
    this.results = results;
    this.frames.push(this.frame);
  }

  // Locals

  /** A new local, zero in the function's first use of its slot; freed by `free` or with the enclosing `scope`. */
  local<T extends ValueType>(type: T): Local<T> {
    const local = new Local(type, this.#slot(type));
    this.#scopes.at(-1)?.push(local);
    return local;
  }

  /** Keeps a value in a new local, to be used any number of times. */
  let<T extends ValueType>(value: Value<T> | Local<T>): Local<T> {
    const local = this.local(value.type);
    this.set(local, value as Operand<T>);
    return local;
  }

  set<T extends ValueType>(local: Local<T>, value: Operand<T>): void {
    this.arrange(local.type, value);
    this.useLocal(0x21, local);
  }

  /** Sets the local and leaves the value. */
  tee<T extends ValueType>(local: Local<T>, value: Operand<T>): Value<T> {
    this.arrange(local.type, value);
    this.useLocal(0x22, local);
    return this.push(local.type);
  }

  /** Reads a local now. An operand may also be the local itself, which is then read when the operation needs it. */
  get<T extends ValueType>(local: Local<T>): Value<T> {
    this.useLocal(0x20, local);
    return this.push(local.type);
  }

  /** Gives locals' slots back; using them afterwards throws. */
  free(...locals: readonly Local[]): void {
    for (const local of locals) {
      if (!local.live) throw new AssemblyError(`Local ${local.index} was freed twice.`);
      local.live = false;
      this.#free[local.type].push(local.index);
    }
  }

  /** Runs `emit` and frees every local made in it; a value it returns stays on the stack. */
  scope<R>(emit: () => R): R {
    const made: Local[] = [];
    this.#scopes.push(made);
    try {
      const result = emit();
      if (result instanceof Local && made.includes(result as Local)) {
        throw new AssemblyError('A scope cannot return a local it frees: return a value, or make the local outside.');
      }
      return result;
    } finally {
      this.#scopes.pop();
      for (const local of made) if (local.live) this.free(local);
    }
  }

  protected useLocal(opcode: number, local: Local): void {
    if (!local.live) throw new AssemblyError(`Local ${local.index} was used after it was freed.`);
    this.bytes.u8u32(opcode, local.index);
  }

  getGlobal<T extends ValueType>(global: GlobalRef<T>): Value<T> {
    this.indexed(0x23, global.index);
    return this.push(global.type);
  }

  setGlobal<T extends ValueType>(global: GlobalRef<T>, value: Operand<T>): void {
    if (!global.mutable) throw new AssemblyError('The global is not mutable.');
    this.arrange(global.type, value);
    this.indexed(0x24, global.index);
  }

  // Instructions, for the groups of operations

  /** Writes an opcode with its prefix. */
  opcode(code: number): void {
    this.#reach();
    if (code < 0x100) this.bytes.u8(code);
    else this.bytes.u8u32(code < misc ? 0xfd : code < atomic ? 0xfc : 0xfe, code & 0xffff);
  }

  #reach(): void {
    if (this.frame.dead) throw new AssemblyError('Unreachable code: nothing may follow a jump in its block.');
  }

  /** Writes an opcode with an index behind it. */
  protected indexed(code: number, index: number): void {
    this.opcode(code);
    this.bytes.u32(index);
  }

  /** Writes an immediate byte: a lane or a memory's number. */
  immediate(byte: number): void {
    this.bytes.u8(byte);
  }

  /** Writes the alignment (a power of two's exponent) and the offset of a memory access. */
  memarg(align: number, offset: number): void {
    this.bytes.u8u32(align, offset);
  }

  /** Records a result that the last instruction left. */
  push<T extends ValueType>(type: T): Value<T> {
    const value = new Value(type);
    this.stack.push(value);
    return value;
  }

  unary<T extends ValueType>(code: number, shape: Shape, a: AnyOperand, result: T): Value<T> {
    this.arrange(shape, a);
    this.opcode(code);
    return this.push(result);
  }

  binary<T extends ValueType>(
    code: number,
    shape: Shape,
    a: AnyOperand,
    b: AnyOperand,
    result: T,
    commutes = false,
  ): Value<T> {
    this.arrange2(shape, a, shape, b, commutes);
    this.opcode(code);
    return this.push(result);
  }

  ternary<T extends ValueType>(
    code: number,
    shape: Shape,
    a: AnyOperand,
    b: AnyOperand,
    c: AnyOperand,
    result: T,
    commutes = false,
  ): Value<T> {
    this.arrange3(shape, a, shape, b, shape, c, commutes);
    this.opcode(code);
    return this.push(result);
  }

  /** Brings one operand onto the top of the stack and takes it. */
  arrange(shape: Shape, a: AnyOperand): void {
    if (a instanceof Value) this.pop(a, typeOfShape[shape]);
    else this.#place(shape, a);
  }

  /** Brings two operands into order, stashing one that was made before a local or literal it must follow. */
  arrange2(shapeA: Shape, a: AnyOperand, shapeB: Shape, b: AnyOperand, commutes: boolean): void {
    if (b instanceof Value) {
      this.pop(b, typeOfShape[shapeB]);
      if (a instanceof Value) this.pop(a, typeOfShape[shapeA]);
      else if (commutes) this.#place(shapeA, a);
      else {
        const slot = this.#stash(b.type);
        this.#place(shapeA, a);
        this.#unstash(slot, b.type);
      }
    } else {
      if (a instanceof Value) this.pop(a, typeOfShape[shapeA]);
      else this.#place(shapeA, a);
      this.#place(shapeB, b);
    }
  }

  /** The same of three; `commutes` says that the first two may trade places. */
  arrange3(
    shapeA: Shape,
    a: AnyOperand,
    shapeB: Shape,
    b: AnyOperand,
    shapeC: Shape,
    c: AnyOperand,
    commutes: boolean,
  ): void {
    if (c instanceof Value && !(a instanceof Value && b instanceof Value)) {
      this.pop(c, typeOfShape[shapeC]);
      const slot = this.#stash(c.type);
      this.arrange2(shapeA, a, shapeB, b, commutes);
      this.#unstash(slot, c.type);
    } else {
      if (c instanceof Value) this.pop(c, typeOfShape[shapeC]);
      this.arrange2(shapeA, a, shapeB, b, commutes);
      if (!(c instanceof Value)) this.#place(shapeC, c);
    }
  }

  /** For two instructions that take three operands: sets the third aside (a value becomes a local to be freed). */
  aside(shape: Shape, c: AnyOperand): Exclude<AnyOperand, Value> {
    if (!(c instanceof Value)) return c;
    this.pop(c, typeOfShape[shape]);
    const local = new Local(c.type, this.#stash(c.type));
    return local;
  }

  /** Ends what `aside` began: its slot may serve again. */
  asideDone(c: AnyOperand, was: AnyOperand): void {
    if (was instanceof Value) this.#free[was.type].push((c as Local).index);
  }

  protected settle(types: readonly ValueType[], operands: readonly AnyOperand[]): void {
    if (types.length !== operands.length) {
      throw new AssemblyError(`${types.length} operands expected (${types.join(', ')}), ${operands.length} given.`);
    }
    const firstDeferred = operands.findIndex((operand) => !(operand instanceof Value));
    const start = firstDeferred < 0 ? operands.length : firstDeferred;
    const slots: (number | undefined)[] = [];
    for (let i = operands.length - 1; i >= 0; i--) {
      const operand = operands[i]!;
      if (!(operand instanceof Value)) continue;
      this.pop(operand, types[i]!);
      if (i > start) slots[i] = this.#stash(types[i]!);
    }
    for (let i = start; i < operands.length; i++) {
      const slot = slots[i];
      if (slot === undefined) this.#place(types[i]!, operands[i] as Exclude<AnyOperand, Value>);
      else this.#unstash(slot, types[i]!);
    }
  }

  protected pop(value: Value, type: ValueType): void {
    if (value.type !== type) throw new AssemblyError(`A value of type ${value.type} stands where ${type} is needed.`);
    const stack = this.stack;
    if (stack.length <= this.frame.base || stack.pop() !== value) {
      throw new AssemblyError(
        `A value (${type}) was used twice, out of the order in which values were made, or in another block. Keep it with let().`,
      );
    }
  }

  #place(shape: Shape, operand: Exclude<AnyOperand, Value>): void {
    if (operand instanceof Local) {
      if (operand.type !== typeOfShape[shape]) {
        throw new AssemblyError(`A local of type ${operand.type} stands where ${shape} is needed.`);
      }
      this.useLocal(0x20, operand);
    } else {
      this.#literal(shape, operand);
    }
  }

  #slot(type: ValueType): number {
    return this.#free[type].pop() ?? this.#newSlot(type);
  }

  #newSlot(type: ValueType): number {
    return this.#paramCount + this.#localTypes.push(type) - 1;
  }

  #stash(type: ValueType): number {
    const slot = this.#slot(type);
    this.bytes.u8u32(0x21, slot);
    return slot;
  }

  #unstash(slot: number, type: ValueType): void {
    this.bytes.u8u32(0x20, slot);
    this.#free[type].push(slot);
  }

  // Literals

  #literal(shape: Shape, value: Literal): void {
    if (typeOfShape[shape] === 'v128' && shape !== 'v128' && this.#hoist) this.#hoisted(shape, value);
    else {
      this.#reach();
      writeLiteral(this.bytes, shape, value);
    }
  }

  #hoisted(shape: Shape, lanes: Literal): void {
    let known = this.#literals.get(shape);
    if (!known) {
      known = new Map();
      this.#literals.set(shape, known);
    }
    // A Map takes -0 for 0.
    const key = typeof lanes === 'object' ? lanes.map(signed).join() : lanes === 0 ? signed(lanes) : lanes;
    let local = known.get(key);
    if (!local) {
      local = new Local('v128', this.#newSlot('v128'));
      known.set(key, local);
      writeLiteral(this.#prologue, shape, lanes);
      this.#prologue.u8u32(0x21, local.index);
    }
    this.useLocal(0x20, local);
  }

  /** A literal as a value: one number, or one per lane. */
  literal<T extends ValueType>(shape: Shape, type: T, value: Literal): Value<T> {
    this.#literal(shape, value);
    return this.push(type);
  }

  /** The code section's entry: locals, the hoisted literals, the instructions. */
  protected entry(): Uint8Array {
    const head = new ByteWriter();
    const runs: [number, ValueType][] = [];
    for (const type of this.#localTypes) {
      const last = runs.at(-1);
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    head.u32(runs.length);
    for (const [count, type] of runs) {
      head.u32(count);
      head.u8(typeCode[type]);
    }
    return joined([head.bytes, this.#prologue.bytes, this.bytes.bytes, [0x0b]]);
  }
}

function signed(lane: number | bigint): string {
  return Object.is(lane, -0) ? '-0' : String(lane);
}
