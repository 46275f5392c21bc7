import { type Label, OperandStack } from './operand-stack.ts';
import {
  type AnyOperand,
  AssemblyError,
  type FunctionRef,
  type Operand,
  type Results,
  typeCode,
  type Value,
  type ValueType,
} from './values.ts';

/**
 * The instruction stream of one function. JavaScript evaluates arguments from left to right and WebAssembly wants its
 * operands in that order, so `f.f64.add(f.f64.mul(a, b), c)` writes its bytes while it is evaluated and builds no tree.
 */
export class Code extends OperandStack {
  /** A block: `br(label)` inside it jumps behind it. */
  block(emit: (label: Label) => void): void {
    this.#open(0x02, 0x40);
    this.#close(emit, []);
  }

  /** A loop: `br(label)` inside it jumps back to its head; running off its end leaves it. */
  loop(emit: (label: Label) => void): void {
    this.#open(0x03, 0x40);
    this.#close(emit, []);
  }

  if(condition: Operand<'i32'>, then: (label: Label) => void, otherwise?: (label: Label) => void): void {
    this.arrange('i32', condition);
    this.#open(0x04, 0x40);
    this.#close(then, [], otherwise);
  }

  /** An if with a value: both branches return one of the type. */
  choose<T extends ValueType>(
    type: T,
    condition: Operand<'i32'>,
    then: () => Operand<T>,
    otherwise: () => Operand<T>,
  ): Value<T> {
    this.arrange('i32', condition);
    this.#open(0x04, typeCode[type]);
    this.#close(then, [type], otherwise);
    return this.push(type);
  }

  br(label: Label): void {
    this.indexed(0x0c, this.#depthOf(label));
    this.#kill();
  }

  brIf(label: Label, condition: Operand<'i32'>): void {
    this.arrange('i32', condition);
    this.indexed(0x0d, this.#depthOf(label));
  }

  /** Jumps to `labels[index]`, or to `otherwise` past their end. */
  brTable(labels: readonly Label[], otherwise: Label, index: Operand<'i32'>): void {
    this.arrange('i32', index);
    this.indexed(0x0e, labels.length);
    for (const label of labels) this.bytes.u32(this.#depthOf(label));
    this.bytes.u32(this.#depthOf(otherwise));
    this.#kill();
  }

  return(...values: readonly AnyOperand[]): void {
    this.settle(this.results, values);
    this.opcode(0x0f);
    this.#kill();
  }

  unreachable(): void {
    this.opcode(0x00);
    this.#kill();
  }

  drop(value: Value): void {
    this.pop(value, value.type);
    this.opcode(0x1a);
  }

  /** `a` where the condition is not zero, else `b`; both are evaluated. */
  select<T extends ValueType>(type: T, a: Operand<T>, b: Operand<T>, condition: Operand<'i32'>): Value<T> {
    this.arrange3(type, a, type, b, 'i32', condition, false);
    if (type === 'v128') {
      this.opcode(0x1c);
      this.bytes.u8(1);
      this.bytes.u8(typeCode[type]);
    } else {
      this.opcode(0x1b);
    }
    return this.push(type);
  }

  /** Calls a function of the module; the result is its value, or a list of them, the last on top of the stack. */
  call<R extends readonly ValueType[]>(callee: FunctionRef<R>, ...args: readonly AnyOperand[]): Results<R> {
    this.settle(callee.params, args);
    this.indexed(0x10, callee.index);
    const values = callee.results.map((type) => this.push(type));
    return (values.length === 1 ? values[0] : values.length === 0 ? undefined : values) as Results<R>;
  }

  #open(opcode: number, blockType: number): void {
    this.opcode(opcode);
    this.bytes.u8(blockType);
    this.frame = { base: this.stack.length, depth: this.frames.length, dead: false };
    this.frames.push(this.frame);
  }

  #close(emit: (label: Label) => unknown, results: readonly ValueType[], otherwise?: (label: Label) => unknown): void {
    const label = this.frame;
    this.#end(emit(label), results, label);
    if (otherwise) {
      this.bytes.u8(0x05);
      label.dead = false;
      this.#end(otherwise(label), results, label);
    }
    this.frames.pop();
    this.frame = this.frames.at(-1)!;
    this.bytes.u8(0x0b);
  }

  #end(result: unknown, results: readonly ValueType[], label: Label): void {
    if (!label.dead) {
      this.settle(results, operandsOf(result));
    }
    if (this.stack.length !== label.base) {
      throw new AssemblyError(`${this.stack.length - label.base} values were left unused at the end of a block.`);
    }
  }

  #depthOf(label: Label): number {
    if (this.frames[label.depth] !== label) throw new AssemblyError('The label is not one of an enclosing block.');
    return this.frames.length - 1 - label.depth;
  }

  #kill(): void {
    this.stack.length = this.frame.base;
    this.frame.dead = true;
  }

  /** The code section's entry: locals, the hoisted literals, the body. */
  finish(result: unknown): Uint8Array {
    if (this.frames.length !== 1) throw new AssemblyError('A block is still open.');
    this.#end(result, this.results, this.frames[0]!);
    return this.entry();
  }
}

function operandsOf(result: unknown): readonly AnyOperand[] {
  return result === undefined ? [] : Array.isArray(result) ? result : [result as AnyOperand];
}
