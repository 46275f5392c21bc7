import type { SlopeProgram, VjpProgram } from './graph.ts';
import { simplify } from './simplify.ts';

/** Both programs of a field. */
export interface FieldPrograms {
  readonly slope: SlopeProgram;
  readonly vjp: VjpProgram;
}

/** Simplifies both together: what both compute is then the same node. */
export function simplifyField({ slope, vjp }: FieldPrograms): FieldPrograms {
  const { outputs } = simplify({ inputs: vjp.inputs, outputs: { ...slope.outputs, ...vjp.outputs } });
  const { y, parameters, t } = outputs;
  return {
    slope: { inputs: slope.inputs, outputs: { slope: outputs.slope } },
    vjp: { inputs: vjp.inputs, outputs: { y, parameters, t } },
  };
}
