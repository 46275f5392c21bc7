import type { ModuleBuilder } from '@neural-ode/assembler';
import type { SlopeProgram, VjpProgram } from '../graph/graph.ts';
import { runsUnrolled } from './choose-mode.ts';
import { emitLoops } from './emit-loops.ts';
import { emitUnrolled } from './emit-unrolled.ts';
import { mathCall } from './math-call.ts';
import { type Element, elementOf, type Precision } from './precision.ts';
import { type StraightStep, straightStep } from './straight-step.ts';
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

/** Adds (t: f64, y: i32, slope: i32) -> () to a module: writes f(t, y). */
export function emitSlope(module: ModuleBuilder, program: SlopeProgram, options: EmitOptions): EmittedSlope {
  const target = targetOf(module, options);
  const parameters = { address: options.parameters };
  const emit = emitterOf(program, target.element, options.mode);
  let scratchBytes = 0;
  const { index } = module.function('slope', { t: 'f64', y: 'i32', slope: 'i32' }, [], (f, p) => {
    ({ scratchBytes } = emit(target, f, {
      program,
      t: p.t,
      inputs: { y: at(p.y), parameter: parameters, cotangent: parameters },
      destinations: [{ nodes: program.outputs.slope, base: at(p.slope), add: false }],
      returned: undefined,
    }));
  });
  const isStraight = emit === emitUnrolled;
  return {
    index,
    scratchBytes,
    straightStep: (stages) => (isStraight ? straightStep(target, program, stages) : undefined),
  };
}

/**
 * Adds (t: f64, y: i32, cotangent: i32, yBar: i32, parametersBar: i32) -> f64 to a module: writes yBar, adds to
 * parametersBar, returns the cotangent of t.
 */
export function emitVjp(module: ModuleBuilder, program: VjpProgram, options: EmitOptions): EmittedFunction {
  const target = targetOf(module, options);
  const types = { t: 'f64', y: 'i32', cotangent: 'i32', yBar: 'i32', parametersBar: 'i32' } as const;
  let scratchBytes = 0;
  const { index } = module.function('vjp', types, ['f64'], (f, p) => {
    const emitted = emitterOf(program, target.element, options.mode)(target, f, {
      program,
      t: p.t,
      inputs: { y: at(p.y), parameter: { address: options.parameters }, cotangent: at(p.cotangent) },
      destinations: [
        { nodes: program.outputs.y, base: at(p.yBar), add: false },
        { nodes: program.outputs.parameters, base: at(p.parametersBar), add: true },
      ],
      returned: program.outputs.t[0],
    });
    ({ scratchBytes } = emitted);
    return emitted.returned ?? 0;
  });
  return { index, scratchBytes };
}

function targetOf(module: ModuleBuilder, { precision, constants, scratch }: EmitOptions): Target {
  return { module, element: elementOf[precision], math: mathCall(module), constants, scratch };
}

function at<P>(pointer: P): { readonly pointer: P; readonly address: number } {
  return { pointer, address: 0 };
}

function emitterOf(program: SlopeProgram | VjpProgram, element: Element, mode: EmitMode = 'auto'): Emitter {
  const unrolled = mode === 'auto' ? runsUnrolled(program, element) : mode === 'unrolled';
  return unrolled ? emitUnrolled : emitLoops;
}
