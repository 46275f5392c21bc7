import { describe, expect, it } from 'vitest';
import * as g from '../graph/build.ts';
import { type Shape, type SlopeProgram, sizeOf } from '../graph/graph.ts';
import { interpret, type ProgramInputs } from '../graph/interpret.ts';
import { inputsOf, start } from './fixtures.ts';

const product = (m: number, k: number, n: number, tA: boolean, tB: boolean) => {
  const inputs = inputsOf([tA ? [k, m] : [m, k]], [tB ? [n, k] : [k, n]]);
  return { inputs, node: g.matMul(inputs.y[0]!, inputs.parameters[0]!, tA, tB) };
};

const fill = (shape: Shape, seed: number) =>
  Float64Array.from({ length: sizeOf(shape) }, (_, n) => Math.round(64 * Math.sin(7 * n + seed)) / 64);

/** Numbers of few bits, whose sums are exact in float32 too, whatever their order. */
const givenFor = ({ y, parameters }: SlopeProgram['inputs']): ProgramInputs => ({
  t: 0,
  y: y.map(({ shape }) => fill(shape, 1)),
  parameters: parameters.map(({ shape }) => fill(shape, 2)),
});

const ways = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;
const precisions = ['float32', 'float64'] as const;

describe.each(precisions)('a product in %s', (precision) => {
  it.each(ways)('of all small sizes, transposed %s and %s', (tA, tB) => {
    const sizes = [0, 1, 2, 3, 4, 5, 8, 9, 13];
    for (const m of sizes) {
      for (const k of [0, 1, 2, 4, 7]) {
        for (const n of sizes) {
          const { inputs, node } = product(m, k, n, tA, tB);
          const slope: SlopeProgram = { inputs, outputs: { slope: [node] } };
          const given = givenFor(inputs);
          const actual = start(slope, undefined, { precision, mode: 'loops' }).slope(given);
          expect(actual, `${m} x ${k} x ${n}`).toEqual(Array.from(interpret(slope, given).slope[0]!));
        }
      }
    }
  });

  it.each(ways)('whose sums, or steps in memory, are long, transposed %s and %s', (tA, tB) => {
    for (const [m, k, n] of [
      [5, 256, 9],
      [5, 257, 9],
      [9, 700, 3],
      [3, 512, 11],
      [600, 5, 7],
      [6, 7, 600],
    ] as const) {
      const { inputs, node } = product(m, k, n, tA, tB);
      const slope: SlopeProgram = { inputs, outputs: { slope: [node] } };
      const given = givenFor(inputs);
      const actual = start(slope, undefined, { precision, mode: 'loops' }).slope(given);
      expect(actual, `${m} x ${k} x ${n}`).toEqual(Array.from(interpret(slope, given).slope[0]!));
    }
  });

  it.each([3, 256, 600])('is added to what is there, over %d steps', (k) => {
    const { inputs, node } = product(5, k, 7, true, false);
    const slope: SlopeProgram = { inputs, outputs: { slope: [node] } };
    const given = givenFor(inputs);
    const [wanted] = interpret(slope, given).slope;
    const vjp = { inputs, outputs: { y: [], parameters: [node], t: [g.scalar(0)] } };
    const running = start(slope, vjp, { precision, mode: 'loops' });
    const old = Array.from({ length: 35 }, (_, n) => n);
    expect(running.vjp(given, old).parameters).toEqual(Array.from(wanted!, (value, n) => value + n));
  });
});
