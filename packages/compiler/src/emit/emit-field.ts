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
import { tapedPrograms, tapeSize } from './tape.ts';
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
 * Functions of a field in a module. Addresses are byte offsets in the module's memory; arrays are dense, of the
 * precision's element type, 16-byte aligned, a state being the concatenation of its leaves. What a function writes must
 * not overlap what it reads, but for `parametersBar`, which it adds to.
 */
export interface EmittedField {
  /** Index of (t: f64, y: i32, slope: i32) -> (): writes f(t, y). */
  readonly slope: number;
  /**
   * Index of (t: f64, y: i32, cotangent: i32, yBar: i32, parametersBar: i32) -> f64: writes yBar, adds to parametersBar,
   * returns the cotangent of t.
   */
  readonly vjp: number;
  /** For both at the same t and y; undefined where they share nothing that is worth keeping. */
  readonly tape: FieldTape | undefined;
  /** Bytes of scratch memory used, from `scratch` on. */
  readonly scratchBytes: number;
  /** How to write whole steps of so many stages as straight code; undefined where they would be too long. */
  readonly straightStep: (stages: number) => StraightStep | undefined;
}

/**
 * Adds the functions of a field to a module.
 *
 * @param programs simplified together
 */
export function emitField(module: ModuleBuilder, programs: FieldPrograms, options: EmitOptions): EmittedField {
  const element = elementOf[options.precision];
  const { constants, scratch, mode } = options;
  const target: Target = { module, element, math: mathCall(module), constants, scratch };
  const writer = new FieldWriter(target, options.parameters);
  const forward = emitterOf(programs.slope, element, mode);
  const backward = emitterOf(programs.vjp, element, mode);
  const slope = writer.slope(programs.slope, forward);
  const taped = forward === emitLoops && backward === emitLoops ? tapedPrograms(programs) : undefined;
  const tape = taped && {
    bytes: Math.ceil((tapeSize(taped) * element.size) / 16) * 16,
    fill: writer.fill(taped.fill, emitLoops),
    slope: writer.slope(taped.slope, emitLoops),
    vjp: writer.vjp(taped.vjp, emitLoops),
  };
  const vjp = tape ? writer.joined(tape) : writer.vjp(programs.vjp, backward);
  return {
    slope: slope.index,
    vjp: vjp.index,
    tape,
    scratchBytes: writer.scratchBytes,
    straightStep: (stages) => (forward === emitUnrolled ? straightStep(target, programs.slope, stages) : undefined),
  };
}

function emitterOf(program: SlopeProgram | VjpProgram, element: Element, mode: EmitMode = 'auto'): Emitter {
  const unrolled = mode === 'auto' ? runsUnrolled(program, element) : mode === 'unrolled';
  return unrolled ? emitUnrolled : emitLoops;
}
