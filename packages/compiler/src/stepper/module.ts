import { type FunctionRef, ModuleBuilder } from '@neural-ode/assembler';
import type { FieldTape } from '../emit/field-tape.ts';
import type { StraightStep } from '../emit/straight-step.ts';
import { emitAdvance } from './emit-advance.ts';
import { emitInterpolate } from './emit-dense.ts';
import { emitErrorHeads } from './emit-error.ts';
import { emitFirstStep } from './emit-first-step.ts';
import { emitPower } from './emit-power.ts';
import { emitPullback } from './emit-pullback.ts';
import { emitSamples } from './emit-samples.ts';
import { emitStep } from './emit-step.ts';
import { emitVjp } from './emit-vjp.ts';
import { type Layout, layoutOf, type Precision } from './layout.ts';
import type { StepPlan } from './plan.ts';
import { StageCalls } from './stage-calls.ts';

/** A field that can be written into a module. */
export interface FieldCode {
  readonly precision: Precision;
  /** Components of the state, and of the parameters. */
  readonly size: number;
  readonly parameterSize: number;
  /** Whether fused multiply-adds may be used. */
  readonly relaxedSimd: boolean;
  /** The most memory that the field's constants take, in bytes. */
  readonly constantBytes: number;
  /** Adds the functions (t, y, slope) and (t, y, cotangent, yBar, parametersBar); gives their indices. */
  emit(
    module: ModuleBuilder,
    addresses: {
      readonly parameters: number;
      readonly scratch: number;
      readonly constants: (bytes: Uint8Array) => number;
    },
  ): {
    readonly slope: number;
    readonly vjp: number;
    /** For both at the same t and y, where that pays. */
    readonly tape?: FieldTape | undefined;
    readonly scratchBytes: number;
    /** How to write whole steps of so many stages as straight code, where the field is short enough for it. */
    readonly straightStep?: (stages: number) => StraightStep | undefined;
  };
}

/** The functions that a module exports; see the emitters. Those of steps are missing where there is no method. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  slope(t: number, y: number, slope: number): void;
  vjp(t: number, y: number, cotangent: number, yBar: number, parametersBar: number): number;
  step(t0: number, t1: number, from: number, to: number, flags: number): number;
  extraStages(t0: number, t1: number, from: number, to: number, flags: number): void;
  interpolate(t0: number, t1: number, from: number, to: number, t: number, out: number): void;
  restage(t0: number, t1: number, inputs: number, slopes: number): void;
  firstOutput(t0: number, t1: number, t: number, wantTime: number, bar: number): number;
  nextOutput(t0: number, t1: number, t: number, wantTime: number, bar: number): number;
  errorHeads(t0: number, t1: number, cotangent: number): void;
  backward0(t0: number, t1: number, wantTime: number): void;
  backward1(t0: number, t1: number, wantTime: number): void;
  backward2(t0: number, t1: number, wantTime: number): void;
  backward3(t0: number, t1: number, wantTime: number): void;
  firstStep(t0: number, span: number, from: number, root: number): number;
  advance(): number;
  advanceAll(): number;
  pullback(): void;
}

/** What a module imports: JavaScript's own power function. */
export const imports: WebAssembly.Imports = { env: { pow: Math.pow } };

/**
 * Writes a field and, with a plan, the steps of a method on it into one module.
 *
 * @returns `end`: the first byte of memory that the module does not use; its memory begins smaller where that is for
 *   gradients only
 */
export function buildModule(
  field: FieldCode,
  plan?: StepPlan,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly layout: Layout; readonly end: number } {
  const module = new ModuleBuilder({ relaxedSimd: field.relaxedSimd });
  const pow = module.importFunction('env', 'pow', ['f64', 'f64'], ['f64']);
  const layout = layoutOf(field.precision, field.size, field.parameterSize, plan);
  let next = layout.end;
  const limit = align(layout.end + field.constantBytes);
  const { slope, vjp, tape, scratchBytes, straightStep } = field.emit(module, {
    parameters: layout.parameters,
    scratch: limit,
    constants(bytes) {
      const at = next;
      next = align(next + bytes.length);
      if (next > limit) throw new RangeError(`Constants take more than the ${field.constantBytes} bytes set aside.`);
      module.data(at, bytes);
      return at;
    },
  });
  const functions = {
    slope: reference('slope', slope, ['f64', 'i32', 'i32'], []),
    vjp: reference('vjp', vjp, ['f64', 'i32', 'i32', 'i32', 'i32'], ['f64']),
    tape,
  };
  const least = align(limit + scratchBytes);
  let end = least;
  module.export('slope', functions.slope);
  module.export('vjp', functions.vjp);
  if (plan) {
    const calls = new StageCalls(functions, plan, least);
    end = calls.end;
    const context = { module, field: functions, calls, straight: straightStep?.(plan.stages), plan, layout };
    const step = emitStep(context);
    const interpolate = emitInterpolate(context);
    const power = emitPower(module, pow);
    const firstStep = emitFirstStep(context, power);
    const advance = emitAdvance(context, { ...step, interpolate, power });
    emitSamples(context, { advance, firstStep });
    emitErrorHeads(context);
    emitPullback(context, emitVjp(context));
  }
  // Room for the tapes is only made when it is needed.
  module.export('memory', module.memory({ min: Math.ceil(least / 65_536) }));
  return { bytes: module.build(), layout, end };
}

function reference<const R extends FunctionRef['results']>(
  name: string,
  index: number,
  params: FunctionRef['params'],
  results: R,
): FunctionRef<R> {
  return { kind: 'function', index, name, params, results };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
