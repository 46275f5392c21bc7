import type { FunctionBuilder, FunctionRef, Local, Operand, Value } from '@neural-ode/assembler';
import type { FieldTape } from '../emit/field-tape.ts';
import type { FieldCode } from './module.ts';
import type { StepPlan } from './plan.ts';

/** More bytes than this are computed again instead of kept, for every stage of a step, and for every step of a solve. */
export const mostBytes: number = 2 ** 28;

/** Bytes of the tapes of all stages; 0 where there are none. */
export function tapeRoom({ tapeBytes }: Pick<FieldCode, 'tapeBytes'>, plan: StepPlan | undefined): number {
  const bytes = tapeBytes * (plan?.allStages ?? 0);
  return bytes > mostBytes ? 0 : bytes;
}

/** The field's functions in a module. */
interface FieldFunctions {
  /** (t, y, slope) */
  readonly slope: FunctionRef<readonly []>;
  /** (t, y, cotangent, yBar, parametersBar): writes yBar, adds to parametersBar, gives the cotangent of t. */
  readonly vjp: FunctionRef<readonly ['f64']>;
  /** For both at the same t and y, where that pays. */
  readonly tape: FieldTape | undefined;
}

type Time = Operand<'f64'>;
type Address = Operand<'i32'>;

/**
 * Calls of the field at a step's stages: `visit` comes first, then a slope, a vector-Jacobian product, or both, at the same
 * t and y. What both need is kept in between, for each stage in memory of its own, where the field has a tape.
 */
export class StageCalls {
  readonly #field: FieldFunctions;
  /** Of the memory for tapes, a multiple of 16. */
  readonly start: number | Local<'i32'>;

  constructor(field: FieldFunctions, start: number | Local<'i32'>) {
    this.#field = field;
    this.start = start;
  }

  /** The same with tapes elsewhere. */
  at(start: Local<'i32'>): StageCalls {
    return new StageCalls(this.#field, start);
  }

  /** Bytes of a stage's tape; 0 where there is none. */
  get tapeBytes(): number {
    return this.#field.tape?.bytes ?? 0;
  }

  #tape(f: FunctionBuilder, stage: number): Address {
    const { start } = this;
    const offset = stage * this.tapeBytes;
    if (typeof start === 'number') return start + offset;
    return offset === 0 ? start : f.i32.add(start, offset);
  }

  visit(f: FunctionBuilder, stage: number, t: Time, y: Address): void {
    const { tape } = this.#field;
    if (tape) f.call(tape.fill, t, y, this.#tape(f, stage));
  }

  /** In place of a visit: the other stage's was at the same t and y. */
  visitedAs(f: FunctionBuilder, stage: number, other: number): void {
    const { tape } = this.#field;
    if (tape) f.memoryCopy(this.#tape(f, stage), this.#tape(f, other), tape.bytes);
  }

  slope(f: FunctionBuilder, stage: number, t: Time, y: Address, slope: Address): void {
    const { tape } = this.#field;
    if (tape) f.call(tape.slope, t, y, slope, this.#tape(f, stage));
    else f.call(this.#field.slope, t, y, slope);
  }

  /** Writes yBar, adds to parametersBar, gives the cotangent of t. */
  vjp(f: FunctionBuilder, stage: number, t: Time, ...pointers: [Address, Address, Address, Address]): Value<'f64'> {
    const { tape } = this.#field;
    return tape ? f.call(tape.vjp, t, ...pointers, this.#tape(f, stage)) : f.call(this.#field.vjp, t, ...pointers);
  }
}
