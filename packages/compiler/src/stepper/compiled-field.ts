import {
  type ErrorNorm,
  type Field,
  type FieldCotangents,
  type FieldCounts,
  float64Space,
  InvalidInputError,
  type Solver,
  type Space,
  type Stepper,
} from '@neural-ode/core';
import type { Tableau } from '@neural-ode/tableaux';
import type { Teams } from '../threads/teams.ts';
import { CompiledStepper } from './compiled-stepper.ts';
import { Machine } from './machine.ts';
import type { FieldCode } from './module.ts';
import { stepPlan } from './plan.ts';

/** The machines of one field, each made when it is first needed: one for every explicit tableau that it is stepped by. */
export class Machines {
  readonly code: FieldCode;
  /** Where loops run in several threads: what makes their steppers. */
  teams: Teams | undefined;
  readonly #byTableau = new WeakMap<Tableau, Machine>();
  /** For whoever needs no method. */
  #any: Machine | undefined;

  constructor(code: FieldCode) {
    this.code = code;
  }

  any(): Machine {
    this.#any ??= new Machine(this.code);
    return this.#any;
  }

  of(tableau: Tableau): Machine {
    let machine = this.#byTableau.get(tableau);
    if (!machine) {
      machine = new Machine(this.code, stepPlan(tableau));
      this.#byTableau.set(tableau, machine);
    }
    this.#any ??= machine;
    return machine;
  }
}

/** A field that computes in WebAssembly, with values for its parameters. */
export class CompiledField implements Field<Float64Array, Float64Array> {
  readonly parameters: Float64Array;
  readonly parameterSpace: Space<Float64Array> = float64Space;
  /** Components of the state. */
  readonly size: number;
  readonly sampleSizes: readonly number[] | undefined;
  readonly #machines: Machines;
  readonly #gradientError: Error | undefined;
  #machine: Machine | undefined;

  /**
   * @param parameters taken over: they must not change
   * @param options `gradientError`: thrown where a vector-Jacobian product is asked for, if there is none; `sampleSizes`: of
   *   a field of one sample, see {@link Field}
   */
  constructor(
    machines: Machines,
    parameters: Float64Array,
    {
      gradientError,
      sampleSizes,
    }: { readonly gradientError?: Error | undefined; readonly sampleSizes?: readonly number[] | undefined } = {},
  ) {
    this.#machines = machines;
    this.size = machines.code.size;
    this.parameters = parameters;
    this.#gradientError = gradientError;
    this.sampleSizes = sampleSizes;
  }

  evaluate(t: number, y: Float64Array): Float64Array {
    if (y.length !== this.size) {
      throw new InvalidInputError('y', `y holds ${y.length} numbers where the field was compiled for ${this.size}.`);
    }
    const machine = this.#ready();
    const { exports, layout } = machine;
    machine.write(layout.fieldState, y);
    exports.slope(t, layout.fieldState, layout.fieldResult);
    return machine.read(layout.fieldResult, layout.size);
  }

  vjp(
    t: number,
    y: Float64Array,
    cotangent: Float64Array,
    wantTime: boolean,
  ): FieldCotangents<Float64Array, Float64Array> {
    if (this.#gradientError) throw this.#gradientError;
    const machine = this.#ready();
    const { exports, layout } = machine;
    machine.write(layout.fieldState, y);
    machine.write(layout.fieldCotangent, cotangent);
    machine.zero(layout.parametersBar, layout.parameterSize);
    const { fieldState, fieldCotangent, fieldResult, parametersBar } = layout;
    const time = exports.vjp(t, fieldState, fieldCotangent, fieldResult, parametersBar);
    return {
      t: wantTime ? time : 0,
      y: machine.read(fieldResult, layout.size),
      parameters: machine.read(parametersBar, layout.parameterSize),
    };
  }

  /** Whole steps in WebAssembly, for explicit Runge-Kutta methods under the usual error norm or none. */
  stepper(
    solver: Solver,
    norm: ErrorNorm<Float64Array> | undefined,
    counts: FieldCounts,
  ): Stepper<Float64Array, Float64Array> | undefined {
    const tableau = explicitTableau(solver);
    if (!tableau || (norm && !norm.tolerance)) return undefined;
    const machine = this.#machines.of(tableau);
    this.#machine ??= machine;
    const given = [machine, this.parameters, norm?.tolerance, counts, this.#gradientError] as const;
    return this.#machines.teams?.stepper(tableau, ...given) ?? new CompiledStepper(...given);
  }

  #ready(): Machine {
    this.#machine ??= this.#machines.any();
    this.#machine.use(this.parameters);
    return this.#machine;
  }
}

/** The tableau of a solver that `explicitRungeKutta` made. */
function explicitTableau(solver: Solver): Tableau | undefined {
  const { tableau } = solver as Solver & { readonly tableau?: Tableau };
  return tableau?.explicit === true && tableau.name === solver.name ? tableau : undefined;
}
