import { probeFeatures } from '@neural-ode/assembler';
import {
  type ArrayFunction,
  checkChoice,
  checkOptions,
  type Field,
  InvalidInputError,
  type Numbers,
} from '@neural-ode/core';
import { type OwnField, ownField, type TensorTree } from '@neural-ode/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import { checkSamples } from './check-samples.ts';
import { fieldCode } from './field-code.ts';
import { explain } from './graph/explain.ts';
import { ownFieldOf } from './own-field.ts';
import { parameterValues } from './parameter-values.ts';
import { isNumbers, type StandIns, standIns } from './stand-ins.ts';
import { CompiledField, Machines } from './stepper/compiled-field.ts';
import type { Precision } from './stepper/layout.ts';
import { supports, trace } from './trace/trace.ts';

/** What a field is compiled for. */
export interface CompileOptions<A = unknown> {
  /** A state: tensors as for `odeint`, or numbers, which f then gets as a tensor of rank 1. Only the shapes matter. */
  readonly example: TensorTree | Numbers;
  /** What f is given as its third argument, as `odeint`'s `args`; shapes are fixed, values are not. Default none. */
  readonly args?: A;
  /**
   * Whether tensors from outside f that are no variables become constants of the code: faster, but they are then not
   * differentiated, and later changes of them are not seen. Default false.
   */
  readonly embed?: boolean;
  /**
   * Whether every sample of a batch has step sizes of its own, exactly those that it has alone. Samples are then the first
   * axis of every leaf, as many as a solve is given; an example of numbers is one sample, and solves are given one after
   * the other. f must treat samples alike and apart, which is checked; args are shared. Default false: one size for all.
   */
  readonly ownSteps?: boolean;
  /** What states, parameters and gradients are computed in. Default `'float64'`. */
  readonly dtype?: Precision;
  /**
   * Whether fused multiply-adds may be used: faster, and the last digits differ from machine to machine. Default: where
   * the engine has them.
   */
  readonly relaxedSimd?: boolean;
}

/** A parameter of a compiled field. */
export interface CompiledParameter {
  /** As `args[0]`, the variable's own name, or `captured[0]`. */
  readonly name: string;
  readonly source: 'argument' | 'variable' | 'captured';
  readonly shape: readonly number[];
}

/** What a compiled function has besides being callable. */
export interface CompiledParts {
  readonly dtype: Precision;
  /** What the field reads besides t and y: leaves of args first, then variables and tensors from outside. */
  readonly parameters: readonly CompiledParameter[];
  /**
   * The field on Float64Arrays, for core's own functions.
   *
   * @param parameters values of all parameters, concatenated; default: those that the tensors hold now
   */
  field(parameters?: Numbers): Field<Float64Array, Float64Array> & { readonly size: number };
  /**
   * Lets solves run in so many threads: with `ownSteps` each has some of the samples, else each has a part of the batch, the
   * first axis of every leaf of the example, and they exchange their parts of the error norm at every step. A gradient runs in
   * them with sizes common to all samples. Results differ from those of one thread by round-off (with `ownSteps` by nothing). Example and
   * args must still be alive. Workers keep no process alive; 1 ends them, as do solves that fail in one.
   *
   * @param count of threads, this one included; more than there are cores, or samples, gain nothing
   * @throws InvalidInputError without a batch; CompileError when f mixes samples; NeuralOdeError with code `threads` where they cannot share
   *   memory (a page must be cross-origin isolated, its policy allow `worker-src blob:`)
   */
  useThreads(count: number): Promise<void>;
  /** The simplified graphs of the field and of its vector-Jacobian product, one line an operation. */
  explain(): string;
  /** For `@neural-ode/tensor`. */
  readonly [ownField]: OwnField;
}

/** Any tfjs field f(t, y, args). */
export type TensorField = (t: tf.Scalar, y: never, args: never) => unknown;

/** A function that is solved as compiled code, and can still be called: with tensors, or on plain numbers. */
export type Compiled<F> = F & ArrayFunction & CompiledParts;

/** See {@link compile}. */
export interface Compile {
  <F extends TensorField>(f: F, options: CompileOptions): Compiled<F>;
  /**
   * Why a field cannot be compiled, with its gradient, as a sentence that names the operation; undefined when it can.
   *
   * @throws what f throws
   */
  supports(f: TensorField, options: CompileOptions): string | undefined;
}

/**
 * Compiles the field of an ordinary differential equation, written in tfjs operations, into WebAssembly. The result goes
 * wherever f goes: `odeint(compile(f, { example: y0 }), y0, ts)`, on tensors or on plain numbers. Explicit Runge-Kutta
 * methods run whole solves in one call where the README's table says so, and all gradient strategies work; variables, args and captured tensors are read
 * again at every solve.
 *
 * f is traced here, with tensors that record what is done to them. Modules are built when they are first needed, for every
 * tableau those of steps and those of gradients: a NeuralOdeError with code `wasm` is thrown then where WebAssembly is
 * forbidden. f must be pure, and do the same operations whatever the values are.
 *
 * @throws InvalidInputError for an option that is unusable or unknown; CompileError naming the operation that cannot be
 *   compiled, or when f mixes samples that are to have steps of their own; FieldError when f returns no slope of the state
 * @example
 * const f = compile((t, y) => tf.mul(y, -0.5), { example: [1] });
 * odeint(f, [1], [0, 1]);
 */
export const compile: Compile = /* @__PURE__ */ Object.assign(compileField, { supports: whyNot });

function compileField<F extends TensorField>(f: F, options: CompileOptions): Compiled<F> {
  checkCompileOptions(f, options);
  const { dtype = 'float64', embed = false, relaxedSimd = probeFeatures().relaxedSimd } = options;
  const { ownSteps = false } = options;
  /** f traced on so many samples, or on the state as it is. */
  const traceOn = (shapes: StandIns) =>
    trace(f, { y: shapes.y, args: shapes.args, embed, decimals: dtype === 'float64' });
  const traceSamples = (count: number) => {
    const some = standIns(options, count);
    try {
      return traceOn(some);
    } finally {
      some.dispose();
    }
  };
  const shapes = standIns(options, ownSteps ? 1 : undefined);
  try {
    const traced = traceOn(shapes);
    if (shapes.hasBatchAxis) checkSamples(traced, traceSamples(2));
    const { code, programs, gradientError } = fieldCode(traced, dtype, relaxedSimd);
    const machines = new Machines(code);
    const sampleSizes = ownSteps ? shapes.yLeaves.map(({ size }) => size) : undefined;
    const values = parameterValues(traced.parameters, shapes.argsLeaves, dtype);
    const field = (parameters?: Numbers) => bind(values(parameters));
    const bind = (parameters: Float64Array) => new CompiledField(machines, parameters, { gradientError, sampleSizes });

    let last: { given: Float64Array; copy: Float64Array; field: CompiledField } | undefined;
    const onNumbers: ArrayFunction = (t, y, parameters) => {
      // The generic solver hands the same array to every call; who calls by hand may have written into it. Without one,
      // variables may hold other values than before.
      const isLast =
        parameters === last?.given && parameters !== nothing && last.copy.every((v, n) => v === parameters[n]);
      if (!last || !isLast) {
        const copy = Float64Array.from(parameters);
        last = { given: parameters, copy, field: field(copy.length === 0 ? undefined : copy) };
      }
      return last.field.evaluate(t, y);
    };
    const call = (t: unknown, y: unknown, args: unknown): unknown =>
      typeof t === 'number'
        ? onNumbers(t, y as Float64Array, (args ?? nothing) as Float64Array)
        : (f as unknown as (...parts: unknown[]) => unknown)(t, y, args);
    let choices = 0;
    const parts: CompiledParts = {
      dtype,
      parameters: traced.parameters.map(({ name, source, shape }) => ({ name, source, shape })),
      field,
      async useThreads(count) {
        machines.teams?.pool.end();
        machines.teams = undefined;
        if (!(Number.isInteger(count) && count > 0)) {
          throw new InvalidInputError('count', `count is ${count}: give a whole number of threads, 1 or more.`);
        }
        const choice = ++choices;
        if (count === 1) return;
        // Loaded when it is asked for: most pages have one thread.
        const { startTeams } = await import('./threads/start-teams.ts');
        const teams = await startTeams(
          count,
          sampleSizes
            ? { code, sizes: sampleSizes }
            : {
                leaves: isNumbers(options.example) ? [] : shapes.yLeaves,
                traceSamples,
                codeOf: (one) => fieldCode(one, dtype, relaxedSimd).code,
              },
        );
        // It may have been called again while the workers started: the last call counts.
        if (choice === choices) machines.teams = teams;
        else teams.pool.end();
      },
      explain: () =>
        ['f(t, y)', explain(programs.slope), '', 'cotangent . df/d(t, y, parameters)', explain(programs.vjp)].join(
          '\n',
        ),
      [ownField]: ownFieldOf(shapes, traced, dtype, ownSteps, bind),
    };
    return Object.assign(call, parts) as unknown as Compiled<F>;
  } finally {
    shapes.dispose();
  }
}

const flags = ['embed', 'ownSteps', 'relaxedSimd'] as const;

/** Refuses what the compiler of TypeScript would have found. */
function checkCompileOptions(f: unknown, options: CompileOptions): void {
  if (typeof f !== 'function') {
    throw new InvalidInputError('f', `f is ${f === null ? f : typeof f}: give a function f(t, y, args).`);
  }
  checkOptions(options, ['example', 'args', 'dtype', ...flags]);
  if (options.dtype !== undefined) checkChoice('dtype', options.dtype, ['float32', 'float64']);
  for (const flag of flags) {
    if (options[flag] === undefined || typeof options[flag] === 'boolean') continue;
    throw new InvalidInputError(flag, `${flag} is ${JSON.stringify(options[flag])}: give true or false.`);
  }
  if (options.example === undefined || options.example === null) {
    throw new InvalidInputError('example', 'example is missing: give a state such as y0, in tensors or numbers.');
  }
}

function whyNot(f: TensorField, options: CompileOptions): string | undefined {
  checkCompileOptions(f, options);
  const shapes = standIns(options);
  try {
    return supports(f, { y: shapes.y, args: shapes.args });
  } finally {
    shapes.dispose();
  }
}

const nothing = new Float64Array(0);
