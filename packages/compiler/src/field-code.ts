import { emitField } from './emit/emit-field.ts';
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
  const code: FieldCode = {
    precision,
    relaxedSimd,
    size: total(y),
    parameterSize: total(parameters),
    constantBytes: constantBytes(programs),
    emit: (module, addresses) => emitField(module, programs, { precision, relaxedSimd, ...addresses }),
  };
  return { code, programs, gradientError };
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
