import {
  Accumulator,
  type Carry,
  type ErrorNorm,
  type Field,
  mapReadings,
  type Reading,
  type Routine,
  read,
  readNow,
  type Space,
  type Step,
  type StepCotangents,
  type Stepper,
  type StepVjp,
  type Trace,
} from '@neural-ode/core';
import type { Tableau } from '@neural-ode/tableaux';
import { denseSlopes, denseWeights } from './dense-weights.ts';
import { type SparseRow, sparseRow } from './sparse-row.ts';

/** What a step has computed so far; the rest is computed when it is asked for. */
interface RungeKuttaTrace<Y> extends Trace<Y> {
  /** Stage inputs X_i = y0 + h sum_j a_ij k_j; the first is y0 itself. */
  readonly inputs: Y[];
  /** Stage slopes k_i = f(t0 + c_i h, X_i). */
  readonly slopes: Y[];
  y1?: Y;
  errorNorm?: Reading | undefined;
  carryIn?: Carry<Y> | undefined;
  carryOut?: Carry<Y> | undefined;
}

/**
 * The stepper of every explicit Runge-Kutta method, over any space and field. Extra stages of the dense output follow
 * the method's own, are evaluated only when an output lies inside the step, and are differentiated alike.
 */
export class RungeKuttaStepper<Y, P> implements Stepper<Y, P> {
  readonly #tableau: Tableau;
  readonly #field: Field<Y, P>;
  readonly #space: Space<Y>;
  readonly #norm: ErrorNorm<Y> | undefined;
  /** Rows of the method's stages, then of the extra ones; `#a` full, `#rows` without zeros. */
  readonly #a: readonly (readonly number[])[];
  readonly #c: readonly number[];
  readonly #rows: readonly SparseRow[];
  readonly #b: SparseRow;
  readonly #errorRows: readonly SparseRow[];
  /** The extra stage that is f(t1, y1), so that the next step can start with it; -1 for none. */
  readonly #endStage: number;

  constructor(tableau: Tableau, field: Field<Y, P>, space: Space<Y>, norm?: ErrorNorm<Y>) {
    this.#tableau = tableau;
    this.#field = field;
    this.#space = space;
    this.#norm = norm;
    this.#a = [...tableau.a, ...tableau.dense.extra.a];
    this.#c = [...tableau.c, ...tableau.dense.extra.c];
    this.#rows = this.#a.map(sparseRow);
    this.#b = sparseRow(tableau.b);
    this.#errorRows = [tableau.bError, tableau.bErrorLow].flatMap((row) => (row ? [sparseRow(row)] : []));
    this.#endStage = this.#a.findIndex(
      (row, i) => i >= tableau.stages - 1 && this.#c[i] === 1 && row.every((a, j) => a === (tableau.b[j] ?? 0)),
    );
  }

  start(t0: number, y0: Y): Carry<Y> {
    return { slope: this.#field.evaluate(t0, y0) };
  }

  step(t0: number, t1: number, y0: Y, carry?: Carry<Y>): Step<Y> {
    const { stages } = this.#tableau;
    const step: RungeKuttaTrace<Y> = this.revisit(t0, t1, y0);
    if (carry) step.slopes.push(carry.slope);
    this.#slope(step, stages - 1);
    step.carryIn = { slope: step.slopes[0] as Y };
    // With the first same as last, the last stage's input is the new state.
    step.y1 = this.#endStage === stages - 1 ? (step.inputs[stages - 1] as Y) : this.#sum(step, y0, this.#b);
    if (this.#endStage === stages - 1) step.carryOut = { slope: step.slopes[stages - 1] as Y };
    if (this.#norm) step.errorNorm = this.#errorNorm(step, this.#norm);
    return step as Step<Y>;
  }

  revisit(t0: number, t1: number, y0: Y): RungeKuttaTrace<Y> {
    return { t0, t1, y0, inputs: [y0], slopes: [] };
  }

  interpolate(trace: Trace<Y>, t: number): Y {
    const step = trace as RungeKuttaTrace<Y>;
    const { dense } = this.#tableau;
    this.#slope(step, this.#a.length - 1);
    if (!step.carryOut && this.#endStage >= 0) {
      step.carryOut = { slope: step.slopes[this.#endStage] as Y };
    }
    const theta = (t - step.t0) / (step.t1 - step.t0);
    return this.#sum(step, step.y0, sparseRow(denseWeights(dense, theta)));
  }

  /**
   * Stage by stage, last to first (Zhuang et al. 2020; Matsubara et al. 2021): with L the cotangent of y1,
   * kbar_i = h (b_i L + sum_j a_ji Xbar_j), Xbar_i = kbar_i . df/dX at stage i, ybar = L + sum_i Xbar_i. Outputs inside
   * the step and the error estimate add their weights to kbar_i. One vector-Jacobian product is alive at a time.
   */
  vjp(trace: Trace<Y>, cotangents: StepCotangents<Y>): StepVjp<Y, P> {
    const step = trace as RungeKuttaTrace<Y>;
    const space = this.#space;
    const { dense } = this.#tableau;
    const { t0, t1, y0 } = step;
    const h = t1 - t0;
    const wantTime = cotangents.wantTime === true;
    const time = { t: 0, h: 0, outputs: [] as number[] };

    const end = new Accumulator(space);
    const start = new Accumulator(space);
    const parameters = new Accumulator(this.#field.parameterSpace);
    /** Rows of weights on the stages, each with the cotangent that it carries. */
    const heads: { row: readonly number[]; cotangent: Y }[] = [];
    if (cotangents.y1 !== undefined) end.add(cotangents.y1);
    for (const head of cotangents.errorNorm ? this.#errorHeads(step, cotangents.errorNorm) : []) {
      heads.push({ row: head.row, cotangent: head.error });
      start.take(head.y0);
      end.take(head.y1);
    }
    if (end.sum !== undefined) {
      start.add(end.sum);
      heads.push({ row: this.#tableau.b, cotangent: end.sum });
    }
    const owned = heads.map((head) => head.cotangent);
    for (const { t, cotangent } of cotangents.outputs ?? []) {
      const theta = (t - t0) / h;
      start.add(cotangent);
      heads.push({ row: denseWeights(dense, theta), cotangent });
      if (wantTime) {
        this.#slope(step, this.#a.length - 1);
        const slope = this.#sum(step, null, sparseRow(denseSlopes(dense, theta)));
        // The slope carries a factor h, and d(theta) = d(t)/h.
        const along = space.dot(cotangent, slope) / h;
        space.release(slope);
        time.outputs.push(along);
        time.t -= along;
        time.h -= theta * along;
      }
    }

    const inputBars: (Y | undefined)[] = [];
    for (let i = this.#a.length - 1; i >= 0; i--) {
      const coefficients: number[] = [];
      const terms: Y[] = [];
      const add = (coefficient: number, term: Y | undefined) => {
        if (coefficient === 0 || term === undefined) return;
        coefficients.push(h * coefficient);
        terms.push(term);
      };
      for (const { row, cotangent } of heads) add(row[i] ?? 0, cotangent);
      for (let j = i + 1; j < this.#a.length; j++) add(this.#a[j]?.[i] ?? 0, inputBars[j]);
      if (terms.length === 0) continue;

      const slopeBar = space.combine(null, coefficients, terms);
      const back = this.#field.vjp(this.#time(step, i), this.#input(step, i), slopeBar, wantTime);
      inputBars[i] = back.y;
      start.add(back.y);
      parameters.take(back.parameters);
      if (wantTime) {
        time.t += back.t;
        time.h += (this.#c[i] as number) * back.t + space.dot(slopeBar, this.#slope(step, i)) / h;
      }
      space.release(slopeBar);
    }
    for (const state of [...inputBars, ...owned]) if (state !== undefined) space.release(state);
    return {
      y0: start.sum ?? space.zeros(y0),
      parameters: parameters.sum ?? this.#field.parameterSpace.zeros(this.#field.parameters),
      ...time,
    };
  }

  states(trace: Trace<Y>): Y[] {
    const { inputs, slopes, y1 } = trace as RungeKuttaTrace<Y>;
    const own = [...inputs.slice(1), ...slopes];
    return y1 === undefined || own.includes(y1) ? own : [...own, y1];
  }

  *firstBadStage(trace: Trace<Y>): Routine<number | undefined> {
    const { slopes } = trace as RungeKuttaTrace<Y>;
    for (const [i, slope] of slopes.entries()) {
      if (!Number.isFinite(yield* read(this.#space.norm(slope)))) return i + 1;
    }
    return undefined;
  }

  #time(step: Trace<Y>, i: number): number {
    const c = this.#c[i] as number;
    return c === 1 ? step.t1 : step.t0 + c * (step.t1 - step.t0);
  }

  #input(step: RungeKuttaTrace<Y>, i: number): Y {
    const { inputs } = step;
    if (i > 0) this.#slope(step, i - 1);
    if (inputs.length === i) inputs.push(this.#sum(step, step.y0, this.#rows[i] as SparseRow));
    return inputs[i] as Y;
  }

  #slope(step: RungeKuttaTrace<Y>, last: number): Y {
    const { slopes } = step;
    for (let i = slopes.length; i <= last; i++) {
      slopes.push(this.#field.evaluate(this.#time(step, i), this.#input(step, i)));
    }
    return slopes[last] as Y;
  }

  /** base + h sum_i row_i k_i; the slopes must be there. */
  #sum(step: RungeKuttaTrace<Y>, base: Y | null, { indices, values }: SparseRow): Y {
    const h = step.t1 - step.t0;
    // Loops, since this is called for every stage of every step.
    const coefficients: number[] = [];
    const terms: Y[] = [];
    for (let j = 0; j < indices.length; j++) {
      coefficients.push(h * (values[j] as number));
      terms.push(step.slopes[indices[j] as number] as Y);
    }
    return this.#space.combine(terms.length === 0 ? (base ?? this.#space.zeros(step.y0)) : base, coefficients, terms);
  }

  #errorNorm(step: RungeKuttaTrace<Y>, norm: ErrorNorm<Y>): Reading {
    const readings = this.#errorRows.map((row) => {
      const error = this.#sum(step, null, row);
      const reading = norm.value(error, step.y0, step.y1 as Y);
      this.#space.release(error);
      return reading;
    });
    return readings.length === 1 ? (readings[0] as Reading) : mapReadings(readings, blend);
  }

  /** The error rows with the cotangents of their estimates, and of y0 and y1 through the norm's scale. */
  #errorHeads(step: RungeKuttaTrace<Y>, cotangent: number) {
    const norm = this.#norm as ErrorNorm<Y>;
    this.#slope(step, this.#tableau.stages - 1);
    const y1 = step.y1 ?? this.#sum(step, step.y0, this.#b);
    const errors = this.#errorRows.map((row) => this.#sum(step, null, row));
    const shares = errors.length === 1 ? [1] : blendSlopes(errors.map((e) => readNow(norm.value(e, step.y0, y1))));
    const heads = errors.map((error, n) => ({
      row: (n === 0 ? this.#tableau.bError : this.#tableau.bErrorLow) as readonly number[],
      ...norm.vjp(error, step.y0, y1, cotangent * (shares[n] as number)),
    }));
    for (const state of step.y1 === undefined ? [...errors, y1] : errors) this.#space.release(state);
    return heads;
  }
}

/** The estimate of two error norms, n^2 / sqrt(n^2 + 0.01 m^2) (Hairer, Norsett & Wanner 1993, II.10, equation 10.17). */
function blend([n = 0, m = 0]: readonly number[]): number {
  return n === 0 ? 0 : n ** 2 / Math.sqrt(n ** 2 + 0.01 * m ** 2);
}

/** Its derivatives. */
function blendSlopes([n = 0, m = 0]: readonly number[]): number[] {
  const square = n ** 2 + 0.01 * m ** 2;
  if (square === 0) return [0, 0];
  const root = Math.sqrt(square);
  return [(2 * n) / root - n ** 3 / (square * root), (-0.01 * n ** 2 * m) / (square * root)];
}
