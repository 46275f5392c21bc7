import {
  type Advance,
  type Carry,
  type FieldCounts,
  float64Space,
  type Progress,
  type Routine,
  type SampleAdvance,
  type Step,
  type StepCotangents,
  type Stepper,
  type StepVjp,
  type Task,
  type Tolerance,
  type Trace,
} from '@neural-ode/core';
import { callHere } from './calls.ts';
import { advance, canAdvance, canPullback, pullback } from './compiled-loop.ts';
import { advanceAll } from './compiled-samples.ts';
import { CompiledStep, MemorySlope, type StepMemory } from './compiled-step.ts';
import { evaluateFirst, measureError } from './emit-step.ts';
import { firstOutput, wantOutputTime } from './emit-vjp.ts';
import type { Machine } from './machine.ts';
import { type StepPlan, withError, withOutputs } from './plan.ts';

/** Which of a step's two ends. */
type End = 0 | 1;

/** What lies at the ends of a step. */
interface EndState {
  y: Float64Array | undefined;
  slope: Carry<Float64Array> | undefined;
}

/**
 * An explicit Runge-Kutta stepper whose every step is one call into WebAssembly, and where it can be a whole loop. Its steps are those of the generic
 * stepper up to round-off. What lies in memory is recognised by the identity of its arrays, so states must not be written
 * to; only the last step's stages lie there, those of an earlier one are computed again when they are asked for.
 */
export class CompiledStepper implements Stepper<Float64Array, Float64Array>, StepMemory {
  readonly #machine: Machine;
  readonly #plan: StepPlan;
  readonly #parameters: Float64Array;
  readonly #tolerance: Tolerance<Float64Array> | undefined;
  readonly #counts: FieldCounts;
  readonly #flags: number;
  readonly #gradientError: Error | undefined;
  readonly #ends: readonly [EndState, EndState] = [
    { y: undefined, slope: undefined },
    { y: undefined, slope: undefined },
  ];
  #epoch = -1;
  /** The step whose stages lie in memory, where it started, and whether the extra stages do too. */
  #live: CompiledStep | undefined;
  #from: End = 0;
  #hasExtra = false;

  constructor(
    machine: Machine,
    parameters: Float64Array,
    tolerance: Tolerance<Float64Array> | undefined,
    counts: FieldCounts,
    gradientError?: Error,
  ) {
    this.#gradientError = gradientError;
    this.#machine = machine;
    this.#plan = machine.plan as StepPlan;
    this.#parameters = parameters;
    this.#tolerance = tolerance;
    this.#counts = counts;
    this.#flags = tolerance ? measureError : 0;
  }

  start(t0: number, y0: Float64Array): Carry<Float64Array> {
    this.#take();
    const from = this.#place(y0);
    const { exports, layout } = this.#machine;
    const address = layout.ends[from];
    exports.slope(t0, address, address + layout.stride);
    this.#counts.evaluations++;
    const carry = new MemorySlope(this, t0, y0);
    this.#ends[from].slope = carry;
    this.#live = undefined;
    return carry;
  }

  step(t0: number, t1: number, y0: Float64Array, carry?: Carry<Float64Array>): Step<Float64Array> {
    this.#take();
    const step = new CompiledStep(this, t0, t1, y0);
    this.#run(step, carry);
    return step;
  }

  revisit(t0: number, t1: number, y0: Float64Array): Trace<Float64Array> {
    return new CompiledStep(this, t0, t1, y0);
  }

  interpolate(trace: Trace<Float64Array>, t: number): Float64Array {
    this.#take();
    const step = trace as CompiledStep;
    const { exports, layout } = this.#machine;
    const plan = this.#plan;
    if (this.#live !== step) this.#run(step, step.carryIn);
    const { t0, t1 } = step;
    const from = layout.ends[this.#from];
    const to = layout.ends[1 - this.#from] as number;
    if (!this.#hasExtra) {
      this.#hasExtra = true;
      if (plan.allStages > plan.stages) {
        exports.extraStages(t0, t1, from, to, 0);
        this.#counts.evaluations += plan.allStages - plan.stages;
        if (plan.endStage >= plan.stages) this.#carryOut(step);
      }
    }
    exports.interpolate(t0, t1, from, to, t, layout.output);
    return this.#machine.read(layout.output, layout.size);
  }

  vjp(trace: Trace<Float64Array>, cotangents: StepCotangents<Float64Array>): StepVjp<Float64Array, Float64Array> {
    if (this.#gradientError) throw this.#gradientError;
    this.#take();
    const machine = this.#machine;
    const plan = this.#plan;
    const { exports, layout } = machine;
    const { t0, t1, y0 } = trace;
    const { y1, outputs = [], errorNorm = 0 } = cotangents;
    const wantTime = cotangents.wantTime === true ? 1 : 0;
    const hasError = errorNorm !== 0 && plan.errorRows.length > 0 && this.#tolerance !== undefined;
    const kind = (outputs.length > 0 ? withOutputs : 0) | (hasError ? withError : 0);
    const times: number[] = [];
    if (y1 === undefined && kind === 0) {
      return {
        y0: new Float64Array(layout.size),
        parameters: new Float64Array(layout.parameterSize),
        t: 0,
        h: 0,
        outputs: times,
      };
    }

    const visited = plan.visited[kind] as readonly number[];
    const last = visited[0] ?? 0;
    const inputs = Math.max(last + 1, hasError ? plan.stages : 0);
    const slopes = Math.max(
      last + wantTime,
      hasError ? plan.stages : 0,
      wantTime && outputs.length > 0 ? plan.allStages : 0,
    );
    machine.write(layout.inputs, y0);
    exports.restage(t0, t1, Math.max(inputs, slopes), slopes);
    this.#counts.evaluations += slopes;

    if (y1) machine.write(layout.y1Bar, y1);
    else machine.zero(layout.y1Bar, layout.size);
    machine.zero(layout.parametersBar, layout.parameterSize);
    if (wantTime) {
      machine.writeDouble(layout.timeBars, 0);
      machine.writeDouble(layout.timeBars + 8, 0);
    }
    for (let n = 0; n < outputs.length; n++) {
      const { t, cotangent } = outputs[n] as (typeof outputs)[number];
      machine.write(layout.outputBar, cotangent);
      const flags = (n === 0 ? firstOutput : 0) | (wantTime * wantOutputTime);
      const along = exports.output(t0, t1, t, flags, layout.outputBar);
      if (wantTime) times.push(along);
    }
    if (hasError) exports.errorHeads(t0, t1, errorNorm);
    if (kind === 0) exports.backward0(t0, t1, wantTime);
    else if (kind === withOutputs) exports.backward1(t0, t1, wantTime);
    else if (kind === withError) exports.backward2(t0, t1, wantTime);
    else exports.backward3(t0, t1, wantTime);
    this.#counts.vjps += visited.length;
    return {
      y0: machine.read(layout.y0Bar, layout.size),
      parameters: machine.read(layout.parametersBar, layout.parameterSize),
      t: wantTime ? machine.readDouble(layout.timeBars) : 0,
      h: wantTime ? machine.readDouble(layout.timeBars + 8) : 0,
      outputs: times,
    };
  }

  firstStepSize(t0: number, y0: Float64Array, carry: Carry<Float64Array>, span: number, errorOrder: number): number {
    this.#take();
    const { exports, layout } = this.#machine;
    const { slope } = carry;
    const from = this.#place(y0);
    if (carry !== this.#ends[from].slope) {
      this.#machine.write(layout.ends[from] + layout.stride, slope);
      this.#ends[from].slope = carry;
    }
    this.#live = undefined;
    this.#counts.evaluations++;
    return exports.firstStep(t0, span, layout.ends[from], 1 / (errorOrder + 1));
  }

  advance(task: Task<Float64Array, Float64Array>, from: Progress<Float64Array>): Advance<Float64Array> | undefined {
    if (!canAdvance(this.#machine, task)) return undefined;
    this.#take();
    this.#live = undefined;
    return callHere(this.#machine, advance(this.#machine, task, from, this.#counts));
  }

  advanceAll(
    task: Task<Float64Array, Float64Array>,
    y0s: readonly Float64Array[],
    firstStep: number | undefined,
  ): readonly (SampleAdvance<Float64Array> | undefined)[] | undefined {
    if (!canAdvance(this.#machine, task)) return undefined;
    this.#take();
    this.#live = undefined;
    return callHere(this.#machine, advanceAll(this.#machine, task, y0s, firstStep, this.#counts));
  }

  pullback(
    mesh: readonly number[],
    ys: readonly Float64Array[],
    ts: readonly number[],
    cotangents: readonly (Float64Array | undefined)[],
  ): { y0: Float64Array | undefined; parameters: Float64Array } | undefined {
    if (this.#gradientError) throw this.#gradientError;
    if (!canPullback(this.#machine, mesh.length - 1, ts.length)) return undefined;
    this.#take();
    return callHere(this.#machine, pullback(this.#machine, mesh, ys, ts, cotangents, this.#counts));
  }

  states(trace: Trace<Float64Array>): Float64Array[] {
    const { end } = trace as CompiledStep;
    return end === undefined ? [] : [end];
  }

  // biome-ignore lint/correctness/useYield: nothing here waits for a number
  *firstBadStage(trace: Trace<Float64Array>): Routine<number | undefined> {
    this.#take();
    const step = trace as CompiledStep;
    if (this.#live !== step) this.#run(step, step.carryIn);
    const { layout } = this.#machine;
    const { endStage, stages } = this.#plan;
    for (let i = 0; i < stages; i++) {
      const end = i === 0 ? this.#from : 1 - this.#from;
      const address =
        i === 0 || i === endStage ? (layout.ends[end] as number) + layout.stride : layout.slopes + i * layout.stride;
      if (!Number.isFinite(float64Space.norm(this.#machine.read(address, layout.size)))) return i + 1;
    }
    return undefined;
  }

  /** The new state of a step; one that no longer lies in memory is taken again. */
  readEnd(step: CompiledStep): Float64Array {
    this.#take();
    if (this.#live !== step) this.#run(step, step.carryIn);
    const { layout } = this.#machine;
    const to = this.#from === 0 ? 1 : 0;
    const y1 = this.#machine.read(layout.ends[to], layout.size);
    this.#ends[to].y = y1;
    return y1;
  }

  /** The slope of a carry: while it lies in memory, and else evaluated once more. */
  readSlope(carry: MemorySlope): Float64Array {
    this.#take();
    const machine = this.#machine;
    const { exports, layout } = machine;
    const [first, second] = this.#ends;
    if (carry === first.slope || carry === second.slope) {
      return machine.slopeAt(carry === first.slope ? 0 : 1);
    }
    const { t, at } = carry;
    // Reading the new state may run the step once more, so it comes first.
    const y = at instanceof CompiledStep ? at.y1 : at;
    machine.write(layout.fieldState, y);
    exports.slope(t, layout.fieldState, layout.fieldResult);
    return machine.read(layout.fieldResult, layout.size);
  }

  /** Makes the machine this stepper's. */
  #take(): void {
    const machine = this.#machine;
    if (machine.epoch === this.#epoch && machine.user === this) return;
    machine.user = this;
    machine.use(this.#parameters);
    if (this.#tolerance) machine.useTolerance(this.#tolerance.rtol, this.#tolerance.atol);
    this.#epoch = machine.epoch;
    this.#live = undefined;
    for (const end of this.#ends) {
      end.y = undefined;
      end.slope = undefined;
    }
  }

  /** The end at which a state lies, once it is there. */
  #place(y: Float64Array): End {
    const [first, second] = this.#ends;
    if (first.y === y) return 0;
    if (second.y === y) return 1;
    first.y = y;
    first.slope = undefined;
    this.#machine.write(this.#machine.layout.ends[0], y);
    return 0;
  }

  #run(step: CompiledStep, carry: Carry<Float64Array> | undefined): void {
    const machine = this.#machine;
    const { exports, layout } = machine;
    const plan = this.#plan;
    const { t0, t1, y0 } = step;
    const from = this.#place(y0);
    const to = from === 0 ? 1 : 0;
    const start = this.#ends[from];
    let flags = this.#flags;
    this.#counts.evaluations += plan.stages - 1;
    if (carry === undefined) {
      flags |= evaluateFirst;
      this.#counts.evaluations++;
      start.slope = new MemorySlope(this, t0, y0);
    } else if (carry !== start.slope) {
      // Read first: the slope may lie at the other end.
      machine.write(layout.ends[from] + layout.stride, carry.slope);
      start.slope = carry;
    }
    const norm = exports.step(t0, t1, layout.ends[from], layout.ends[to], flags);
    step.carryIn = start.slope;
    if (this.#tolerance && plan.errorRows.length > 0) step.errorNorm = norm;
    const end = this.#ends[to];
    // Undefined until it is read; a step that is taken again gives the same numbers.
    end.y = step.end;
    end.slope = undefined;
    this.#live = step;
    this.#from = from;
    this.#hasExtra = false;
    if (plan.firstSameAsLast) this.#carryOut(step);
  }

  /** The live step's end has its slope. */
  #carryOut(step: CompiledStep): void {
    const end = this.#ends[1 - this.#from] as EndState;
    step.carryOut ??= new MemorySlope(this, step.t1, step.end ?? step);
    end.slope = step.carryOut;
  }
}
