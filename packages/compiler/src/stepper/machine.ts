import { NeuralOdeError } from '@neural-ode/core';
import { type Home, here } from './home.ts';
import { align, type Layout, layoutOf } from './layout.ts';
import type { Exports, FieldCode } from './module.ts';
import { emitPart, type Part, parts, type Writing } from './parts.ts';
import type { StepPlan } from './plan.ts';
import { newArray } from './slab.ts';
import { type StageBlocks, stageBlocks } from './stage-blocks.ts';
import { mostBytes, tapeRoom } from './stage-calls.ts';

/** Up to so many components a copy in a loop is faster than a call. */
const fewComponents = 48;

/** Blocks with the stages of a solve's first steps, one after the other. */
interface KeptStages {
  readonly start: number;
  /** The ends of these steps, the start included. */
  readonly ts: readonly number[];
  readonly epoch: number;
}

/** What a machine was last given to compute with; compared by identity. */
interface Given {
  parameters?: Float64Array | undefined;
  rtol?: number | Float64Array | undefined;
  atol?: number | Float64Array | undefined;
}

/**
 * A compiled field in memory, with the steps of one method on it where it has a plan. One machine serves all solves: who
 * uses it says by `use` with which parameters, and learns from `epoch` and `user` whether another was at it in between.
 */
export class Machine {
  readonly exports: Exports;
  readonly layout: Layout;
  readonly plan: StepPlan | undefined;
  /** Grows whenever what lies in memory no longer belongs to the parameters. */
  epoch = 0;
  /** Whose steps lie in memory. */
  user: unknown;
  /** The stages that the last `advanceKeeping` left, while they last. */
  kept: KeptStages | undefined;
  /** The memory as the precision's numbers; new ones whenever it grows. */
  #numbers: Float64Array | Float32Array;
  #doubles: Float64Array;
  #integers: Int32Array;
  readonly #shift: number;
  readonly #home: Home;
  readonly #memory: WebAssembly.Memory;
  readonly #writing: Writing;
  /** The first byte behind what the code uses. */
  #end: number;
  readonly #given: Given = {};
  /** The first byte behind the blocks of stages; 0 where there are none. */
  #blocksEnd = 0;
  /** For how many steps there is to be room in blocks: as many as a solve took. */
  #blockCount = 64;

  /** The slopes at both ends of a step as they lie in memory; absent where they are no doubles. */
  #slopes: readonly (Float64Array | undefined)[] | undefined;

  /** @param home where the code runs; default: in this thread, on a memory of its own */
  constructor(code: FieldCode, plan?: StepPlan, home: Home = here) {
    const layout = layoutOf(code.precision, code.size, code.parameterSize, plan);
    const limit = align(layout.end + code.constantBytes);
    this.plan = plan;
    this.layout = layout;
    this.#end = limit;
    this.#home = home;
    this.#memory = home.newMemory(Math.ceil(limit / 65_536));
    let next = layout.end;
    const constants = (bytes: Uint8Array) => {
      const at = next;
      next = align(next + bytes.length);
      if (next > limit) throw new RangeError(`Constants take more than the ${code.constantBytes} bytes set aside.`);
      new Uint8Array(this.#memory.buffer).set(bytes, at);
      return at;
    };
    const { shared } = home;
    this.#writing = {
      code,
      plan,
      layout,
      shared,
      addresses: { parameters: layout.parameters, scratch: limit, constants },
    };
    this.exports = lazily((part) => this.#compile(part));
    this.#shift = layout.width === 8 ? 3 : 2;
    [this.#doubles, this.#numbers, this.#integers] = this.#views();
  }

  #compile(part: Part): Exports {
    const { bytes, scratchBytes } = emitPart(part, this.#writing);
    const end = align(this.#writing.addresses.scratch + scratchBytes);
    if (end > this.#end) {
      this.#end = end;
      this.#blocksEnd = 0;
      this.kept = undefined;
    }
    this.#grow(this.#end);
    return this.#home.run(bytes, this.#memory, this.exports);
  }

  #views(): [Float64Array, Float64Array | Float32Array, Int32Array] {
    const { buffer } = this.#memory;
    const doubles = new Float64Array(buffer);
    return [doubles, this.layout.width === 8 ? doubles : new Float32Array(buffer), new Int32Array(buffer)];
  }

  /**
   * Room behind what the code uses, until the next call of this; its contents are arbitrary.
   *
   * @param user the function that will use it: compiled here if it was not yet, since that moves the code's end
   * @returns its address, a multiple of 16
   * @throws NeuralOdeError when the memory cannot grow so far
   */
  reserve(bytes: number, user: keyof Exports): number {
    void this.exports[user];
    const start = Math.max(this.#end, this.#blocksEnd);
    this.#grow(start + bytes);
    return start;
  }

  /** The blocks in which `advanceKeeping` may keep stages; undefined where that does not pay. */
  get stageBlocks(): StageBlocks | undefined {
    const { code, plan } = this.#writing;
    return plan && tapeRoom(code, plan) > 0 ? stageBlocks(plan, this.layout, code) : undefined;
  }

  /**
   * Room for the blocks of as many steps as a solve is expected to take, or fewer where that is too much. Their contents stay
   * until the next call of this.
   *
   * @returns where it begins and ends; undefined where there is none
   */
  reserveBlocks({ bytes }: StageBlocks): { readonly start: number; readonly end: number } | undefined {
    this.kept = undefined;
    void this.exports.advanceKeeping;
    const end = this.#end + Math.min(this.#blockCount, Math.floor(mostBytes / bytes)) * bytes;
    if (end === this.#end) return undefined;
    try {
      this.#grow(end);
    } catch {
      return undefined;
    }
    this.#blocksEnd = Math.max(this.#blocksEnd, end);
    return { start: this.#end, end };
  }

  /** Says how many steps a solve took, so that there is room for them the next time. */
  expectSteps(count: number): void {
    this.#blockCount = Math.max(this.#blockCount, count);
  }

  /** Whether a state is what lies at an address. */
  holds(address: number, y: Float64Array): boolean {
    const numbers = this.#numbers;
    const start = address >>> this.#shift;
    for (let i = 0; i < y.length; i++) if (numbers[start + i] !== y[i]) return false;
    return true;
  }

  #grow(end: number): void {
    const missing = end - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      this.#memory.grow(Math.ceil(missing / 65_536));
    } catch {
      throw new NeuralOdeError(
        'memory',
        `The compiled field's memory cannot grow by ${missing} bytes: solve fewer samples, steps or outputs at once.`,
      );
    }
    [this.#doubles, this.#numbers, this.#integers] = this.#views();
    this.#slopes = undefined;
  }

  /** Makes these the parameters. */
  use(parameters: Float64Array): void {
    if (this.#given.parameters === parameters) return;
    this.#given.parameters = parameters;
    this.write(this.layout.parameters, parameters);
    this.epoch++;
  }

  /** Makes these the tolerances: numbers, or one for each component. */
  useTolerance(rtol: number | Float64Array, atol: number | Float64Array): void {
    const given = this.#given;
    if (given.rtol !== rtol) this.#fill(this.layout.rtol, rtol);
    if (given.atol !== atol) this.#fill(this.layout.atol, atol);
    given.rtol = rtol;
    given.atol = atol;
  }

  #fill(address: number, value: number | Float64Array): void {
    if (typeof value !== 'number') this.write(address, value);
    else this.#numbers.fill(value, address >>> this.#shift, (address >>> this.#shift) + this.layout.size);
  }

  write(address: number, values: Float64Array): void {
    const numbers = this.#numbers;
    const start = address >>> this.#shift;
    const { length } = values;
    if (length > fewComponents) numbers.set(values, start);
    else for (let i = 0; i < length; i++) numbers[start + i] = values[i] as number;
  }

  /** A new array of the numbers at an address. */
  read(address: number, length: number): Float64Array {
    const numbers = this.#numbers;
    const start = address >>> this.#shift;
    const values = newArray(length);
    if (length > fewComponents) values.set(numbers.subarray(start, start + length));
    else for (let i = 0; i < length; i++) values[i] = numbers[start + i] as number;
    return values;
  }

  /** The slope at an end of a step, as it lies in memory: good until the next step. */
  slopeAt(end: 0 | 1): Float64Array {
    const { ends, stride, size, width } = this.layout;
    if (width === 4) return this.read(ends[end] + stride, size);
    this.#slopes ??= ends.map((address) => {
      const start = (address + stride) >>> 3;
      return this.#doubles.subarray(start, start + size);
    });
    return this.#slopes[end] as Float64Array;
  }

  /** Moves bytes. */
  move(to: number, from: number, bytes: number): void {
    this.#integers.copyWithin(to >>> 2, from >>> 2, (from + bytes) >>> 2);
  }

  zero(address: number, length: number): void {
    const numbers = this.#numbers;
    const start = address >>> this.#shift;
    if (length > fewComponents) numbers.fill(0, start, start + length);
    else for (let i = 0; i < length; i++) numbers[start + i] = 0;
  }

  readDouble(address: number): number {
    return this.#doubles[address >>> 3] as number;
  }

  writeDouble(address: number, value: number): void {
    this.#doubles[address >>> 3] = value;
  }

  writeInteger(address: number, value: number): void {
    this.#integers[address >>> 2] = value;
  }

  readInteger(address: number): number {
    return this.#integers[address >>> 2] as number;
  }

  /** Writes and reads a field of the loop, by its index. */
  setDouble(index: number, value: number): void {
    this.#doubles[(this.layout.loop >>> 3) + index] = value;
  }
  getDouble(index: number): number {
    return this.#doubles[(this.layout.loop >>> 3) + index] as number;
  }
  setInteger(index: number, value: number): void {
    this.#integers[(this.layout.loop >>> 2) + 2 * index] = value;
  }
  getInteger(index: number): number {
    return this.#integers[(this.layout.loop >>> 2) + 2 * index] as number;
  }

  /** Doubles one after the other. */
  writeDoubles(address: number, values: readonly number[]): void {
    const doubles = this.#doubles;
    const start = address >>> 3;
    for (let i = 0; i < values.length; i++) doubles[start + i] = values[i] as number;
  }

  /** Arrays of so many states, which lie one after the other at a distance, as views of one buffer. */
  readStates(address: number, count: number, distance: number): Float64Array[] {
    const numbers = this.#numbers;
    const { size } = this.layout;
    const all = newArray(count * size);
    const states: Float64Array[] = new Array(count);
    for (let n = 0, start = address >>> this.#shift; n < count; n++, start += distance >>> this.#shift) {
      if (size > fewComponents) all.set(numbers.subarray(start, start + size), n * size);
      else for (let i = 0; i < size; i++) all[n * size + i] = numbers[start + i] as number;
      states[n] = new Float64Array(all.buffer, all.byteOffset + n * size * 8, size);
    }
    return states;
  }

  /** Makes what lies behind the components of states zero, up to whole vectors: arithmetic runs over it. */
  clearPadding(address: number, count: number): void {
    const { size, stride } = this.layout;
    const width = stride >>> this.#shift;
    if (size === width) return;
    const numbers = this.#numbers;
    for (let n = 0, start = address >>> this.#shift; n < count; n++, start += width) {
      for (let i = size; i < width; i++) numbers[start + i] = 0;
    }
  }
}

/** The functions of all parts; each part is compiled when one of its functions is first read. */
function lazily(compile: (part: Part) => Exports): Exports {
  const functions = {};
  for (const part of parts) {
    const compiled = (name: keyof Exports) => {
      const made = compile(part);
      for (const each of part.functions) Object.defineProperty(functions, each, { value: made[each] });
      return made[name];
    };
    for (const name of part.functions) {
      Object.defineProperty(functions, name, { configurable: true, get: () => compiled(name) });
    }
  }
  return functions as Exports;
}
