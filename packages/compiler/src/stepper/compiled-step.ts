import type { Carry, Step } from '@neural-ode/core';

/** Where steps and slopes find what they have not read yet. */
export interface StepMemory {
  readEnd(step: CompiledStep): Float64Array;
  readSlope(carry: MemorySlope): Float64Array;
}

/** The slope at one end of a step, which lies in the machine's memory. */
export class MemorySlope implements Carry<Float64Array> {
  readonly #stepper: StepMemory;
  readonly t: number;
  /** Where it is the slope; the step that ends there as long as its end was not read. */
  at: Float64Array | CompiledStep;

  constructor(stepper: StepMemory, t: number, at: Float64Array | CompiledStep) {
    this.#stepper = stepper;
    this.t = t;
    this.at = at;
  }

  /** Good until the stepper's next step. */
  get slope(): Float64Array {
    return this.#stepper.readSlope(this);
  }
}

/** A step that was taken, or is revisited. */
export class CompiledStep implements Step<Float64Array> {
  readonly #stepper: StepMemory;
  readonly t0: number;
  readonly t1: number;
  readonly y0: Float64Array;
  errorNorm: number | undefined;
  carryIn: Carry<Float64Array> | undefined;
  carryOut: Carry<Float64Array> | undefined;
  /** The new state, once it was read. */
  end: Float64Array | undefined;

  constructor(stepper: StepMemory, t0: number, t1: number, y0: Float64Array) {
    this.#stepper = stepper;
    this.t0 = t0;
    this.t1 = t1;
    this.y0 = y0;
  }

  get y1(): Float64Array {
    if (this.end === undefined) {
      this.end = this.#stepper.readEnd(this);
      // Else every step would keep all before it alive.
      if (this.carryOut instanceof MemorySlope) this.carryOut.at = this.end;
    }
    return this.end;
  }
}
