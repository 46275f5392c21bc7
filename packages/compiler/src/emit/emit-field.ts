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
  /** Bytes of scratch memory used, from `scratch` on. */
  readonly scratchBytes: number;
  /** How to write whole steps of so many stages as straight code; undefined where they would be too long. */
  readonly straightStep: (stages: number) => StraightStep | undefined;
}

/** Adds the functions of a field to a module. */
export function emitField(
  module: ModuleBuilder,
  programs: { readonly slope: SlopeProgram; readonly vjp: VjpProgram },
  options: EmitOptions,
): EmittedField {
  const { slope, vjp } = programs;
  const target: Target = {
    module,
    element: elementOf[options.precision],
    math: mathCall(module),
    constants: options.constants,
    scratch: options.scratch,
  };
  const parameters = { address: options.parameters };
  let scratchBytes = 0;
  const slopeOf = module.function('slope', { t: 'f64', y: 'i32', slope: 'i32' }, [], (f, p) => {
    const emitted = emitterOf(slope, target.element, options.mode)(target, f, {
      program: slope,
      t: p.t,
      inputs: { y: at(p.y), parameter: parameters, cotangent: parameters },
      destinations: [{ nodes: slope.outputs.slope, base: at(p.slope), add: false }],
      returned: undefined,
    });
    scratchBytes = emitted.scratchBytes;
  });
  const types = { t: 'f64', y: 'i32', cotangent: 'i32', yBar: 'i32', parametersBar: 'i32' } as const;
  const vjpOf = module.function('vjp', types, ['f64'], (f, p) => {
    const emitted = emitterOf(vjp, target.element, options.mode)(target, f, {
      program: vjp,
      t: p.t,
      inputs: { y: at(p.y), parameter: parameters, cotangent: at(p.cotangent) },
      destinations: [
        { nodes: vjp.outputs.y, base: at(p.yBar), add: false },
        { nodes: vjp.outputs.parameters, base: at(p.parametersBar), add: true },
      ],
      returned: vjp.outputs.t[0],
    });
    scratchBytes = Math.max(scratchBytes, emitted.scratchBytes);
    return emitted.returned ?? 0;
  });
  const isStraight = emitterOf(slope, target.element, options.mode) === emitUnrolled;
  return {
    slope: slopeOf.index,
    vjp: vjpOf.index,
    scratchBytes,
    straightStep: (stages) => (isStraight ? straightStep(target, slope, stages) : undefined),
  };
}

function at<P>(pointer: P): { readonly pointer: P; readonly address: number } {
  return { pointer, address: 0 };
}

function emitterOf(program: SlopeProgram | VjpProgram, element: Element, mode: EmitMode = 'auto'): Emitter {
  const unrolled = mode === 'auto' ? runsUnrolled(program, element) : mode === 'unrolled';
  return unrolled ? emitUnrolled : emitLoops;
}
