import {
  type Advance,
  type FieldCounts,
  mergeBatch,
  type Progress,
  type SampleAdvance,
  type SampleSizes,
  splitBatch,
  type Task,
  type Tolerance,
} from '@neural-ode/core';
import type { Calls } from '../stepper/calls.ts';
import { advance, canAdvance, canPullback, pullback, stepsAtOnce } from '../stepper/compiled-loop.ts';
import { advanceAll } from '../stepper/compiled-samples.ts';
import { CompiledStepper } from '../stepper/compiled-stepper.ts';
import type { Machine } from '../stepper/machine.ts';
import { callTogether } from './call-together.ts';
import type { ThreadPool } from './pool.ts';

/** Machines that work together, one in each thread, the first one's in this. */
export interface Team {
  readonly pool: ThreadPool;
  /** Its number in the pool. */
  readonly number: number;
  readonly machines: readonly Machine[];
  /** How many components of each leaf a sample of the batch has. */
  readonly sizes: SampleSizes;
  /** How many samples each machine's state holds; absent where every state is one sample with steps of its own. */
  readonly counts?: readonly number[] | undefined;
}

/**
 * A compiled stepper whose loops run in several threads: with a size common to all samples each thread has a part of the
 * batch, and they exchange their parts of the error norm at every step; with sizes of their own each has some samples.
 * Whatever is no loop runs in this thread, on the whole state.
 */
export class ThreadedStepper extends CompiledStepper {
  readonly #team: Team;
  readonly #parameters: Float64Array;
  readonly #tolerances: readonly (Tolerance<Float64Array> | undefined)[];
  readonly #counts: FieldCounts;
  readonly #gradientError: Error | undefined;

  constructor(
    machine: Machine,
    parameters: Float64Array,
    tolerance: Tolerance<Float64Array> | undefined,
    counts: FieldCounts,
    gradientError: Error | undefined,
    team: Team,
  ) {
    super(machine, parameters, tolerance, counts, gradientError);
    this.#team = team;
    this.#gradientError = gradientError;
    this.#parameters = parameters;
    this.#counts = counts;
    const parts = (value: number | Float64Array) =>
      typeof value === 'number' ? team.machines.map(() => value) : this.#split(value);
    const [rtol, atol] = tolerance ? [parts(tolerance.rtol), parts(tolerance.atol)] : [];
    this.#tolerances = team.machines.map((_, n) =>
      rtol && atol ? { rtol: rtol[n] as number | Float64Array, atol: atol[n] as number | Float64Array } : undefined,
    );
  }

  override advance(
    task: Task<Float64Array, Float64Array>,
    from: Progress<Float64Array>,
  ): Advance<Float64Array> | undefined {
    if (!this.#team.counts || !this.#serves((machine) => canAdvance(machine, task, Number.POSITIVE_INFINITY))) {
      return super.advance(task, from);
    }
    const [y, slope] = [this.#split(from.y), from.carry && this.#split(from.carry.slope)];
    // Parts of different sizes have different room, and one that comes back earlier would leave the others waiting.
    const capacity = Math.min(...this.#team.machines.map(stepsAtOnce));
    const parts = this.#together((machine, n, counts) =>
      advance(
        machine,
        task,
        { ...from, y: y[n] as Float64Array, carry: slope && { slope: slope[n] as Float64Array } },
        counts,
        capacity,
      ),
    );
    const [first] = parts;
    if (!first) return undefined;
    const merged = (pick: (part: Advance<Float64Array>) => Float64Array) =>
      this.#merge(parts.map((part) => pick(part as Advance<Float64Array>)));
    return {
      ...first,
      y: merged((part) => part.y),
      carry: first.carry && { slope: merged((part) => part.carry?.slope as Float64Array) },
      ys: first.ys.map((_, step) => merged(({ ys }) => ys[step] as Float64Array)),
      outputs: first.outputs.map((_, output) => merged(({ outputs }) => outputs[output] as Float64Array)),
    };
  }

  override advanceAll(
    task: Task<Float64Array, Float64Array>,
    y0s: readonly Float64Array[],
    firstStep: number | undefined,
  ): readonly (SampleAdvance<Float64Array> | undefined)[] | undefined {
    const { length } = this.#team.machines;
    if (this.#team.counts || !this.#serves((machine) => canAdvance(machine, task))) {
      return super.advanceAll(task, y0s, firstStep);
    }
    const start = (n: number) => Math.round((n * y0s.length) / length);
    const parts = this.#together((machine, n, counts) =>
      advanceAll(machine, task, y0s.slice(start(n), start(n + 1)), firstStep, counts),
    );
    return parts.flat();
  }

  override pullback(
    mesh: readonly number[],
    ys: readonly Float64Array[],
    ts: readonly number[],
    cotangents: readonly (Float64Array | undefined)[],
  ): { y0: Float64Array | undefined; parameters: Float64Array } | undefined {
    const able = (machine: Machine) => canPullback(machine, mesh.length - 1, ts.length);
    const together = this.#team.counts && !this.#gradientError && this.#serves(able);
    if (!together) return super.pullback(mesh, ys, ts, cotangents);
    const states = ys.map((y) => this.#split(y));
    const bars = cotangents.map((cotangent) => cotangent && this.#split(cotangent));
    const parts = this.#together((machine, n, counts) =>
      pullback(
        machine,
        mesh,
        states.map((parts) => parts[n] as Float64Array),
        ts,
        bars.map((parts) => parts?.[n]),
        counts,
      ),
    );
    const parameters = new Float64Array(this.#parameters.length);
    for (const part of parts) {
      for (let i = 0; i < parameters.length; i++) {
        parameters[i] = (parameters[i] as number) + (part.parameters[i] as number);
      }
    }
    const y0 = parts.map((part) => part.y0);
    return { y0: y0[0] && this.#merge(y0 as Float64Array[]), parameters };
  }

  #serves(able: (machine: Machine) => boolean): boolean {
    return !this.#team.pool.isRetired && this.#team.machines.every(able);
  }

  /** Does the same on every machine; use of the field is counted once. */
  #together<T>(work: (machine: Machine, n: number, counts: FieldCounts) => Calls<T>): T[] {
    const { pool, number, machines } = this.#team;
    for (const [n, machine] of machines.entries()) {
      machine.use(this.#parameters);
      const tolerance = this.#tolerances[n];
      if (tolerance) machine.useTolerance(tolerance.rtol, tolerance.atol);
    }
    const own = { evaluations: 0, vjps: 0 };
    const calls = machines.map((machine, n) => work(machine, n, n === 0 || !this.#team.counts ? this.#counts : own));
    return callTogether(pool, number, machines, calls);
  }

  #split(y: Float64Array): Float64Array[] {
    const { sizes, counts } = this.#team;
    return counts ? splitBatch(y, sizes, counts) : this.#team.machines.map(() => y);
  }

  #merge(parts: readonly Float64Array[]): Float64Array {
    return mergeBatch(parts, this.#team.sizes, this.#team.counts as readonly number[]);
  }
}
