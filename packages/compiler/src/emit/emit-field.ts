import type { ModuleBuilder } from '@neural-ode/assembler';
import type { FieldPrograms } from '../graph/field-programs.ts';
import type { SlopeProgram, VjpProgram } from '../graph/graph.ts';
import { runsUnrolled } from './choose-mode.ts';
import { emitLoops } from './emit-loops.ts';
import { emitUnrolled } from './emit-unrolled.ts';
import type { FieldTape } from './field-tape.ts';
import { FieldWriter } from './field-writer.ts';
import { mathCall } from './math-call.ts';
import { type Element, elementOf, type Precision } from './precision.ts';
import { type StraightStep, straightStep } from './straight-step.ts';
import { type TapedPrograms, tapeBytes, tapedPrograms } from './tape.ts';
import type { Emitter, Target } from './target.ts';

/** Which code is written: straight code for every number, loops over arrays, or what is faster at the program's size. */
export type EmitMode = 'auto' | 'unrolled' | 'loops';

export interface EmitOptions {
  readonly precision: Precision;
  /** Whether fused multiply-adds may be used, as the module was told. */
  readonly relaxedSimd: boolean;
  /** Address of the concatenated parameters. */
  readonly parameters: number;
  /** Address of the scratch memory, a multiple of 16. */
  readonly scratch: number;
  /** Places data in a segment, at a multiple of 16, and returns its address. */
  readonly constants: (bytes: Uint8Array) => number;
  /** Default `auto`. */
  readonly mode?: EmitMode;
}

/**
 * A function of a field in a module. Addresses are byte offsets in the module's memory; arrays are dense, of the precision's
 * element type, 16-byte aligned, a state being the concatenation of its leaves. What a function writes must not overlap what
 * it reads, but for `parametersBar`, which it adds to.
 */
export interface EmittedFunction {
  readonly index: number;
  /** Bytes of scratch memory used, from `scratch` on. */
  readonly scratchBytes: number;
}

export interface EmittedSlope extends EmittedFunction {
  /** How to write whole steps of so many stages as straight code; undefined where they would be too long. */
  readonly straightStep: (stages: number) => StraightStep | undefined;
}

export interface EmittedTape extends EmittedFunction {
  readonly tape: FieldTape;
}

/** Adds (t: f64, y: i32, slope: i32) -> () to a module: writes f(t, y). */
export function emitSlope(module: ModuleBuilder, program: SlopeProgram, options: EmitOptions): EmittedSlope {
  const target = targetOf(module, options);
  const writer = new FieldWriter(target, options.parameters);
  const emit = emitterOf(program, target.element, options.mode);
  const { index } = writer.slope(program, emit);
  const isStraight = emit === emitUnrolled;
  return {
    index,
    scratchBytes: writer.scratchBytes,
    straightStep: (stages) => (isStraight ? straightStep(target, program, stages) : undefined),
  };
}

/**
 * Adds (t: f64, y: i32, cotangent: i32, yBar: i32, parametersBar: i32) -> f64 to a module: writes yBar, adds to
 * parametersBar, returns the cotangent of t.
 */
export function emitVjp(module: ModuleBuilder, program: VjpProgram, options: EmitOptions): EmittedFunction {
  const target = targetOf(module, options);
  const writer = new FieldWriter(target, options.parameters);
  const { index } = writer.vjp(program, emitterOf(program, target.element, options.mode));
  return { index, scratchBytes: writer.scratchBytes };
}

/** Adds what {@link emitVjp} does, made of the functions of a tape, which it adds too. */
export function emitTape(module: ModuleBuilder, taped: TapedPrograms, options: EmitOptions): EmittedTape {
  const target = targetOf(module, options);
  const writer = new FieldWriter(target, options.parameters);
  const tape: FieldTape = {
    bytes: tapeBytes(taped, target.element.size),
    fill: writer.fill(taped.fill, emitLoops),
    slope: writer.slope(taped.slope, emitLoops),
    vjp: writer.vjp(taped.vjp, emitLoops),
  };
  const { index } = writer.joined(tape);
  return { index, scratchBytes: writer.scratchBytes, tape };
}

/** The programs cut for a tape, where both are loops and share what is worth keeping. */
export function tapedLoops(
  programs: FieldPrograms,
  { precision, mode }: Pick<EmitOptions, 'precision' | 'mode'>,
): TapedPrograms | undefined {
  const isLoops = (program: SlopeProgram | VjpProgram) => emitterOf(program, elementOf[precision], mode) === emitLoops;
  return isLoops(programs.slope) && isLoops(programs.vjp) ? tapedPrograms(programs) : undefined;
}

function targetOf(module: ModuleBuilder, { precision, constants, scratch }: EmitOptions): Target {
  return { module, element: elementOf[precision], math: mathCall(module), constants, scratch };
}

function emitterOf(program: SlopeProgram | VjpProgram, element: Element, mode: EmitMode = 'auto'): Emitter {
  const unrolled = mode === 'auto' ? runsUnrolled(program, element) : mode === 'unrolled';
  return unrolled ? emitUnrolled : emitLoops;
}
