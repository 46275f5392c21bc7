import { type Node, type Outputs, type Program, sizeOf } from '../graph/graph.ts';
import { type Disturbance, interpret, type ProgramInputs } from '../graph/interpret.ts';
import type { Precision } from '../stepper/layout.ts';

/** Half the distance from 1 to the next number. */
export const unitOf: Readonly<Record<Precision, number>> = { float32: 2 ** -24, float64: 2 ** -53 };
/** Where numbers lose digits because they are small, or would overflow. */
const range = { float32: { least: 1e-36, most: 1e30 }, float64: { least: 1e-290, most: 1e290 } } as const;

/** A value and how far right code may be from it; infinite where rounding alone may change it altogether. */
export interface Expected {
  readonly value: number;
  readonly tolerance: number;
}

/**
 * What a program should give in some precision. The tolerance is measured, by Monte Carlo arithmetic (Parker 1997): the
 * program is run several times with random relative errors of a rounding on every operand and result, so that badly
 * conditioned elements, and those behind a comparison that could go either way, get the room they need, and no others.
 *
 * @param samples how often it is run
 */
export function expectedOf<O extends Outputs>(
  program: Program<O>,
  inputs: ProgramInputs,
  { precision, random, samples }: { precision: Precision; random: () => number; samples: number },
): { readonly [K in keyof O]: Expected[] } {
  const unit = unitOf[precision];
  const { least, most } = range[precision];
  const round = precision === 'float32' ? Math.fround : (x: number) => x;
  const constants = (values: Float64Array, node: Node) => (node.op === 'constant' ? values.map(round) : values);
  // Whole numbers, such as indices, are computed exactly.
  const noise = (values: Float64Array, size: number) =>
    values.map((x) => (Number.isInteger(x) && Math.abs(x) < 1e6 ? x : x * (1 + (2 * random() - 1) * size)));
  const disturbed: Disturbance = {
    operand: (values, node, index) =>
      readsRounded(node, index) ? noise(values, unit * Math.sqrt(termsOf(node))) : values,
    result: (values, node) => noise(constants(values, node), unit * errorOf(node)),
  };
  const run = (disturbance: Disturbance) =>
    Object.entries(interpret(program, inputs, disturbance)).map(
      ([name, leaves]) => [name, leaves.flatMap((leaf) => Array.from(leaf))] as const,
    );
  const exact = run({ operand: (values) => values, result: constants });
  const others = Array.from({ length: samples }, () => run(disturbed).map(([, values]) => values));
  return Object.fromEntries(
    exact.map(([name, values], leaf) => [
      name,
      values.map((value, n): Expected => {
        const spread = Math.max(...others.map((sample) => Math.abs((sample[leaf]?.[n] as number) - value)));
        const within = Math.abs(value) < most && Number.isFinite(spread);
        return {
          value,
          tolerance: within ? 16 * spread + 4 * unit * Math.abs(value) + least : Number.POSITIVE_INFINITY,
        };
      }),
    ]),
  ) as unknown as { readonly [K in keyof O]: Expected[] };
}

const exactly = new Set<string>('neg abs floor ceil round trunc max min mod equal notEqual less lessEqual'.split(' '));

/** Whether the operand may be a little different: not for what jumps, which reads exact numbers or rounds alike. */
function readsRounded(node: Node, index: number): boolean {
  if (node.op === 'unary' || node.op === 'binary' || node.op === 'reduce') return !exactly.has(node.f);
  return node.op === 'matMul' || node.op === 'scan' || (node.op === 'scatterAdd' && index === 0);
}

/** How many roundings off a result may be. Those of a sum need not be random: equal terms may all be rounded up. */
function errorOf(node: Node): number {
  if (node.op === 'unary') return exactly.has(node.f) ? 0 : node.f === 'sqrt' ? 1 : 4;
  if (node.op === 'binary') return exactly.has(node.f) ? 0 : node.f === 'pow' || node.f === 'atan2' ? 4 : 1;
  return readsRounded(node, 0) ? Math.max(1, termsOf(node) / 4) : 0;
}

/** How many numbers are joined into one. */
function termsOf(node: Node): number {
  const from = node.inputs[0]?.shape ?? [];
  if (node.op === 'reduce') return sizeOf(from) / sizeOf(node.shape);
  if (node.op === 'matMul') return from.at(node.transposeA ? -2 : -1) as number;
  return node.op === 'scan' || node.op === 'scatterAdd' ? (from[node.axis] as number) : 1;
}
