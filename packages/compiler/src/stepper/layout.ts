import { loopBytes } from './loop-fields.ts';
import type { StepPlan } from './plan.ts';

/** The type that a compiled field computes in. */
export type Precision = 'float32' | 'float64';

/** Where everything lies in the memory of a compiled field and its steps, in bytes; all 16-byte aligned. */
export interface Layout {
  readonly precision: Precision;
  /** Components of the state and of the parameters. */
  readonly size: number;
  readonly parameterSize: number;
  /** Bytes of a component, and of a state's whole vectors. */
  readonly width: 4 | 8;
  readonly stride: number;
  readonly parameters: number;
  readonly parametersBar: number;
  /** A state, a cotangent and two results, for calls of the field itself. */
  readonly fieldState: number;
  readonly fieldCotangent: number;
  readonly fieldResult: number;
  /** Tolerances, one for each component. */
  readonly rtol: number;
  readonly atol: number;
  /** Both ends of a step, y followed by its slope; a step leads from either one to the other. */
  readonly ends: readonly [number, number];
  /** A stage's input, the slopes of the stages, and an interpolated output. */
  readonly input: number;
  readonly slopes: number;
  readonly output: number;
  /** For the vector-Jacobian product of a step: y0, inputs and slopes of all stages. */
  readonly inputs: number;
  readonly stageSlopes: number;
  /** Cotangents: of y1, of an output, of the error estimates, and, one after the other, of y0 and slopes through outputs. */
  readonly y1Bar: number;
  readonly outputBar: number;
  readonly errorBars: number;
  readonly y0BarOfOutputs: number;
  readonly slopeBars: number;
  /** Cotangents of one stage's slope, of all stages' inputs, and of y0 through the error norm. */
  readonly slopeBar: number;
  readonly inputBars: number;
  readonly y0BarOfError: number;
  readonly y0Bar: number;
  readonly y1: number;
  /** Two doubles: the cotangents of t and h. */
  readonly timeBars: number;
  /** Cotangent of the slope that a step hands to the one after it, while steps are walked backwards. */
  readonly carryBar: number;
  /** The fields of the loop. */
  readonly loop: number;
  /** Where the field's constants may begin. */
  readonly end: number;
}

/** @param plan of the method; absent for a module that only evaluates the field */
export function layoutOf(precision: Precision, size: number, parameterSize: number, plan?: StepPlan): Layout {
  const width = precision === 'float64' ? 8 : 4;
  const stride = Math.max(16, align(size * width));
  const stages = plan?.allStages ?? 0;
  // The first bytes stay free, so that no address is 0.
  let next = 64;
  const take = (bytes: number) => {
    const at = next;
    next += bytes;
    return at;
  };
  const state = (count = 1) => take(plan ? count * stride : 0);
  const aligned = Math.max(16, align(parameterSize * width));
  const parameters = take(aligned);
  const parametersBar = take(aligned);
  const [fieldState, fieldCotangent, fieldResult] = [take(stride), take(stride), take(stride)];
  return {
    precision,
    size,
    parameterSize,
    width,
    stride,
    parameters,
    parametersBar,
    fieldState,
    fieldCotangent,
    fieldResult,
    rtol: state(),
    atol: state(),
    ends: [state(2), state(2)],
    input: state(),
    slopes: state(stages),
    output: state(),
    inputs: state(stages),
    stageSlopes: state(stages),
    y1Bar: state(),
    outputBar: state(),
    errorBars: state(2),
    y0BarOfOutputs: state(),
    slopeBars: state(stages),
    slopeBar: state(),
    inputBars: state(stages),
    y0BarOfError: state(),
    y0Bar: state(),
    y1: state(),
    timeBars: take(16),
    carryBar: state(),
    loop: take(plan ? align(loopBytes) : 0),
    get end() {
      return next;
    },
  };
}

/** Up to a multiple of 16 bytes. */
export function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
