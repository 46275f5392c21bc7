import type { Layout } from './layout.ts';
import { buildModule, type Exports, type FieldCode } from './module.ts';
import type { StepPlan } from './plan.ts';
import { newArray } from './slab.ts';

/** Up to so many components a copy in a loop is faster than a call. */
const fewComponents = 48;

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
  /** The memory as the precision's numbers. */
  readonly #numbers: Float64Array | Float32Array;
  readonly #doubles: Float64Array;
  readonly #shift: number;
  readonly #given: Given = {};

  constructor(field: FieldCode, plan?: StepPlan) {
    const { bytes, layout } = buildModule(field, plan);
    this.plan = plan;
    this.layout = layout;
    this.exports = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Exports;
    const { buffer } = this.exports.memory;
    this.#doubles = new Float64Array(buffer);
    this.#numbers = layout.width === 8 ? this.#doubles : new Float32Array(buffer);
    this.#shift = layout.width === 8 ? 3 : 2;
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
    else this.#numbers.fill(value, address >> this.#shift, (address >> this.#shift) + this.layout.size);
  }

  write(address: number, values: Float64Array): void {
    const numbers = this.#numbers;
    const start = address >> this.#shift;
    const { length } = values;
    if (length > fewComponents) numbers.set(values, start);
    else for (let i = 0; i < length; i++) numbers[start + i] = values[i] as number;
  }

  /** A new array of the numbers at an address. */
  read(address: number, length: number): Float64Array {
    const numbers = this.#numbers;
    const start = address >> this.#shift;
    const values = newArray(length);
    if (length > fewComponents) values.set(numbers.subarray(start, start + length));
    else for (let i = 0; i < length; i++) values[i] = numbers[start + i] as number;
    return values;
  }

  /** The memory itself; undefined when it holds no doubles. */
  view(address: number, length: number): Float64Array | undefined {
    if (this.layout.width !== 8) return undefined;
    return this.#doubles.subarray(address >> 3, (address >> 3) + length);
  }

  zero(address: number, length: number): void {
    const numbers = this.#numbers;
    const start = address >> this.#shift;
    if (length > fewComponents) numbers.fill(0, start, start + length);
    else for (let i = 0; i < length; i++) numbers[start + i] = 0;
  }

  readDouble(address: number): number {
    return this.#doubles[address >> 3] as number;
  }

  writeDouble(address: number, value: number): void {
    this.#doubles[address >> 3] = value;
  }
}
