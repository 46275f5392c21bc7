import { emitSlope, emitTape, emitVjp, tapedLoops } from './emit/emit-field.ts';
import { elementOf } from './emit/precision.ts';
import { tapeBytes } from './emit/tape.ts';
import { full } from './graph/build.ts';
import { type FieldPrograms, simplifyField } from './graph/field-programs.ts';
import { programNodes, type SlopeProgram, sizeOf, type VjpProgram } from './graph/graph.ts';
import type { Precision } from './stepper/layout.ts';
import type { FieldCode } from './stepper/module.ts';
import { CompileError } from './trace/compile-error.ts';
import type { Trace } from './trace/trace.ts';

/**
 * A traced field as code for a module.
 *
 * @returns `gradientError` where the field has no gradient: its vector-Jacobian product is zero then, and must not be used
 */
export function fieldCode(
  traced: Trace,
  precision: Precision,
  relaxedSimd: boolean,
): { readonly code: FieldCode; readonly programs: FieldPrograms; readonly gradientError: CompileError | undefined } {
  let vjp: VjpProgram;
  let gradientError: CompileError | undefined;
  try {
    vjp = traced.vjp();
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    gradientError = error;
    vjp = zeroVjp(traced.slope);
  }
  const programs = simplifyField({ slope: traced.slope, vjp });
  const { y, parameters } = traced.slope.inputs;
  const total = (leaves: typeof y) => leaves.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  // Cut when a gradient first asks for it.
  const taped = once(() => tapedLoops(programs, { precision }));
  const code: FieldCode = {
    precision,
    relaxedSimd,
    size: total(y),
    parameterSize: total(parameters),
    constantBytes: constantBytes(programs),
    get tapeBytes() {
      const parts = taped();
      return parts ? tapeBytes(parts, elementOf[precision].size) : 0;
    },
    slope: (module, addresses) => emitSlope(module, programs.slope, { precision, relaxedSimd, ...addresses }),
    vjp: (module, addresses) => {
      const [parts, options] = [taped(), { precision, relaxedSimd, ...addresses }];
      return parts ? emitTape(module, parts, options) : emitVjp(module, programs.vjp, options);
    },
  };
  return { code, programs, gradientError };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Room for the constants of both programs, and for tables of the mathematical functions. */
function constantBytes({ slope, vjp }: FieldPrograms): number {
  let bytes = 65_536;
  for (const node of [...programNodes(slope), ...programNodes(vjp)]) {
    if (node.op === 'constant') bytes += 2 * (8 * node.values.length + 16);
  }
  return bytes;
}

function zeroVjp({ inputs }: SlopeProgram): VjpProgram {
  const zeros = (leaves: typeof inputs.y) => leaves.map(({ shape }) => full(shape, 0));
  return { inputs, outputs: { y: zeros(inputs.y), parameters: zeros(inputs.parameters), t: [full([], 0)] } };
}
