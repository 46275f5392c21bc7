import type { FunctionRef } from '@neural-ode/assembler';

/**
 * Functions for whoever wants the slope and its vector-Jacobian product at the same t and y: what both need is computed
 * once and kept, as a tape.
 */
export interface FieldTape {
  /** Bytes of a tape, a multiple of 16. */
  readonly bytes: number;
  /** (t: f64, y: i32, tape: i32) -> (): writes a tape. */
  readonly fill: FunctionRef<readonly []>;
  /** (t: f64, y: i32, slope: i32, tape: i32) -> () */
  readonly slope: FunctionRef<readonly []>;
  /** (t: f64, y: i32, cotangent: i32, yBar: i32, parametersBar: i32, tape: i32) -> f64 */
  readonly vjp: FunctionRef<readonly ['f64']>;
}
