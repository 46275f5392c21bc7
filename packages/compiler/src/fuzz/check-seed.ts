import * as tf from '@tensorflow/tfjs-core';
import type { EmitMode } from '../emit/emit-field.ts';
import { start } from '../emit/fixtures.ts';
import { explain } from '../graph/explain.ts';
import { simplifyField } from '../graph/field-programs.ts';
import { type Node, type Program, type SlopeProgram, sizeOf, type VjpProgram } from '../graph/graph.ts';
import type { ProgramInputs } from '../graph/interpret.ts';
import { type RandomOptions, randomNumbers, randomProgram } from '../graph/random-program.ts';
import { simplify } from '../graph/simplify.ts';
import type { Precision } from '../stepper/layout.ts';
import { CompileError } from '../trace/compile-error.ts';
import { type Trace, trace } from '../trace/trace.ts';
import { asTensors } from './as-tensors.ts';
import { type Expected, expectedOf } from './rounding.ts';

/** What was compared for a seed. */
export interface Checked {
  /** Numbers compared, and those that rounding alone may change by more than a thousandth. */
  elements: number;
  loose: number;
  /** Whether there was a vector-Jacobian product to compare. */
  differentiated: boolean;
  /** What is wrong: the code, the element, and the program's `explain()`. */
  readonly mismatches: string[];
}

const precisions: readonly Precision[] = ['float64', 'float32'];
const modes: readonly EmitMode[] = ['unrolled', 'loops'];
const manySamples = 48;

/** How large a seed's program is. Every fifth has axes of several vectors and a rest. */
function optionsOf(seed: number): RandomOptions {
  const operations = 4 + ((seed * 7) % 37);
  if (seed % 5 > 0) return { seed, operations, rank: 1 + (seed % 4) };
  return { seed, operations: Math.min(operations, 20), rank: 1 + (seed % 2), sizes: [1, 6, 9, 16, 33] };
}

/**
 * Compares compiled code of a seed's random program with the interpreter, which runs the program in double precision: as
 * it is, and written as a tfjs field that is traced, differentiated by tfjs and simplified.
 *
 * @param relaxedSimd with which settings of it
 */
export function checkSeed(seed: number, relaxedSimd: readonly boolean[], operations?: number): Checked {
  const checked: Checked = { elements: 0, loose: 0, differentiated: false, mismatches: [] };
  const made = randomProgram({ ...optionsOf(seed), ...(operations === undefined ? {} : { operations }) });
  const inputs = rounded(made.inputs);
  const random = randomNumbers(seed + 1e9);
  const compare = (name: string, program: Program, given: ProgramInputs, precision: Precision) => {
    const rough = expectedOf(program, given, { precision, random, samples: 4 });
    let careful: typeof rough | undefined;
    return (code: string, output: string, actual: readonly number[]) => {
      const firstOff = (all: typeof rough) => actual.findIndex((value, n) => isOff(value, all[output]?.[n]));
      checked.elements += actual.length;
      checked.loose += rough[output]?.filter(isLoose).length ?? 0;
      if (firstOff(rough) < 0) return;
      // More samples, before anything is said.
      careful ??= expectedOf(program, given, { precision, random, samples: manySamples });
      const n = firstOff(careful);
      if (n < 0) return;
      const { value, tolerance } = (careful[output] as Expected[])[n] as Expected;
      checked.mismatches.push(
        `seed ${seed}, ${name}, ${precision}, ${code}: ${output} ${n} is ${actual[n]}, ${value} +- ${tolerance} is due\n` +
          explain(program),
      );
    };
  };

  // As it is: what tfjs has no operation or no gradient for is here too.
  const expectRaw = compare('raw', made.program, inputs, 'float64');
  for (const mode of modes) {
    expectRaw(mode, 'slope', start(made.program, undefined, { precision: 'float64', mode }).slope(inputs));
  }

  const { slope, vjp } = tracedProgram(made.program);
  const simple = vjp ? simplifyField({ slope, vjp }) : { slope: simplify(slope), vjp };
  checked.differentiated = vjp !== undefined;
  const fill = ({ shape }: Node) => Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * random() - 1));
  const given = {
    ...inputs,
    y: slope.inputs.y.map((node, n) => inputs.y[n] ?? fill(node)),
    cotangent: vjp?.inputs.cotangent.map(fill) ?? [],
  };
  for (const precision of precisions) {
    const expectSlope = compare('traced', slope, given, precision);
    const expectVjp = vjp && compare('vjp', vjp, given, precision);
    for (const mode of modes) {
      for (const relaxed of relaxedSimd) {
        const code = relaxed ? `${mode}, relaxed SIMD` : mode;
        const running = start(simple.slope, simple.vjp, { precision, mode, relaxedSimd: relaxed });
        expectSlope(code, 'slope', running.slope(given));
        if (running.slopeOfTape) expectSlope(`${code}, of the tape`, 'slope', running.slopeOfTape(given));
        if (!expectVjp) continue;
        const { t, y, parameters } = running.vjp(given);
        expectVjp(code, 't', [t]);
        expectVjp(code, 'y', y);
        expectVjp(code, 'parameters', parameters);
      }
    }
  }
  return checked;
}

const isLoose = ({ value, tolerance }: Expected) => tolerance > 1e-3 * Math.max(1e-3, Math.abs(value));

function isOff(actual: number, expected: Expected | undefined): boolean {
  if (!expected) return true;
  // Simplification may drop what is not finite.
  if (!Number.isFinite(expected.value) || expected.tolerance === Number.POSITIVE_INFINITY) return false;
  return !(Math.abs(actual - expected.value) <= expected.tolerance);
}

function rounded({ t, y, parameters }: Required<ProgramInputs>): Required<ProgramInputs> {
  const round = (values: ArrayLike<number>) => Float64Array.from(Array.from(values), Math.fround);
  return { t: Math.fround(t), y: y.map(round), parameters: parameters.map(round), cotangent: [], tape: [] };
}

/**
 * The program as a field in tfjs operations, traced. Its state has further leaves, whose slopes are the results. An
 * operation without a gradient leaves it without a vector-Jacobian product.
 */
export function tracedProgram(program: SlopeProgram): { slope: SlopeProgram; vjp: VjpProgram | undefined } {
  const zeros = ({ shape }: Node) => tf.zeros([...shape]);
  const { y, parameters } = program.inputs;
  const example = { y: [...y, ...program.outputs.slope].map(zeros), args: parameters.map(zeros) };
  const f = (t: tf.Tensor, state: tf.Tensor[], args: tf.Tensor[]) => [
    ...state.slice(0, y.length),
    ...asTensors(program, { t, y: state, parameters: args }),
  ];
  try {
    const traced = trace(f, example);
    return { slope: traced.slope, vjp: differentiated(traced) };
  } finally {
    tf.dispose(example);
  }
}

function differentiated(traced: Trace): VjpProgram | undefined {
  try {
    return traced.vjp();
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}
