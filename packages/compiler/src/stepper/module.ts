import type { ModuleBuilder } from '@neural-ode/assembler';
import type { FieldTape } from '../emit/field-tape.ts';
import type { StraightStep } from '../emit/straight-step.ts';
import type { Precision } from './layout.ts';

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
  /** Bytes of a tape, of what slope and vjp share at the same t and y where that pays; else 0. A multiple of 16. */
  readonly tapeBytes: number;
  /** Adds the function (t, y, slope). */
  slope(
    module: ModuleBuilder,
    addresses: Addresses,
  ): FieldFunction & {
    /** How to write whole steps of so many stages as straight code, where the field is short enough for it. */
    readonly straightStep?: (stages: number) => StraightStep | undefined;
  };
  /** Adds the function (t, y, cotangent, yBar, parametersBar), and those of a tape where it has bytes. */
  vjp(module: ModuleBuilder, addresses: Addresses): FieldFunction & { readonly tape?: FieldTape };
}

/** Where a field's code finds and puts what is its own. */
export interface Addresses {
  readonly parameters: number;
  readonly scratch: number;
  readonly constants: (bytes: Uint8Array) => number;
}

/** A function of a field in a module: its index, and how much scratch memory it uses. */
export interface FieldFunction {
  readonly index: number;
  readonly scratchBytes: number;
}

/**
 * The functions of a field and of steps on it; see the emitters. Those of steps are missing where there is no method, those
 * of a tape where there is none.
 */
export interface Exports {
  slope(t: number, y: number, slope: number): void;
  vjp(t: number, y: number, cotangent: number, yBar: number, parametersBar: number): number;
  fillTape(t: number, y: number, tape: number): void;
  slopeOfTape(t: number, y: number, slope: number, tape: number): void;
  vjpOfTape(t: number, y: number, cotangent: number, yBar: number, parametersBar: number, tape: number): number;
  step(t0: number, t1: number, from: number, to: number, flags: number): number;
  extraStages(t0: number, t1: number, from: number, to: number, flags: number): void;
  interpolate(t0: number, t1: number, from: number, to: number, t: number, out: number): void;
  restage(t0: number, t1: number, inputs: number, slopes: number): void;
  output(t0: number, t1: number, t: number, flags: number, bar: number): number;
  walk0(t0: number, t1: number, inputs: number, tapes: number): void;
  errorHeads(t0: number, t1: number, cotangent: number): void;
  backward0(t0: number, t1: number, wantTime: number): void;
  backward1(t0: number, t1: number, wantTime: number): void;
  backward2(t0: number, t1: number, wantTime: number): void;
  backward3(t0: number, t1: number, wantTime: number): void;
  firstStep(t0: number, span: number, from: number, root: number): number;
  advance(): number;
  advanceKeeping(): number;
  advanceAll(): number;
  pullback(): void;
  pullbackThrough(): void;
}
