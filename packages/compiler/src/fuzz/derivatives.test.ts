import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { programNodes, type SlopeProgram, sizeOf } from '../graph/graph.ts';
import { interpret, type ProgramInputs } from '../graph/interpret.ts';
import { randomNumbers, randomProgram } from '../graph/random-program.ts';
import { tracedProgram } from './check-seed.ts';

await tf.setBackend('cpu');

type Values = readonly (readonly number[])[];

/** Where tfjs's own gradient is no derivative: of extrema with ties, and of a cast to whole numbers, which it ignores. */
const noDerivative = (program: SlopeProgram) =>
  programNodes(program).some(
    (node) =>
      (node.op === 'reduce' && (node.f === 'max' || node.f === 'min')) || (node.op === 'unary' && node.f === 'trunc'),
  );

const dot = (a: Values, b: Values) => a.flat().reduce((sum, x, n) => sum + x * (b.flat()[n] as number), 0);

test('vector-Jacobian products of random programs are derivatives', () => {
  let compared = 0;
  let kinks = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const { program } = randomProgram({ seed, operations: 4 + (seed % 20) });
    if (noDerivative(program)) continue;
    const { slope, vjp } = tracedProgram(program);
    if (!vjp) continue;
    const random = randomNumbers(seed);
    // Off the grid, where nothing is about to jump.
    const some = (nodes: readonly { shape: readonly number[] }[]): Values =>
      nodes.map(({ shape }) => Array.from({ length: sizeOf(shape) }, () => 2 * random() - 1));
    const { t, y, parameters } = slope.inputs;
    const [at, along] = [0, 1].map(() => ({ t: some([t]), y: some(y), parameters: some(parameters) })) as [
      Point,
      Point,
    ];
    const cotangent = some(vjp.inputs.cotangent);
    const value = (step: number) => dot(lists(interpret(slope, inputs(moved(at, along, step))).slope), cotangent);
    // Of fourth order.
    const difference = (h: number) => (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h);
    const [coarse, fine] = [difference(2e-4), difference(1e-4)];
    const back = interpret(vjp, { ...inputs(at), cotangent });
    const due = (['t', 'y', 'parameters'] as const).reduce((sum, part) => sum + dot(lists(back[part]), along[part]), 0);
    const scale = Math.abs(fine) + Math.abs(value(0)) + 1;
    if (!(Math.abs(coarse - fine) < 1e-7 * scale)) {
      kinks++;
      continue;
    }
    compared++;
    expect(Math.abs(due - fine) / scale, `seed ${seed}: ${due} instead of ${fine}`).toBeLessThan(1e-6);
  }
  expect(compared).toBeGreaterThan(150);
  expect(kinks).toBeLessThan(compared / 20);
});

interface Point {
  readonly t: Values;
  readonly y: Values;
  readonly parameters: Values;
}

const lists = (arrays: readonly Float64Array[]): Values => arrays.map((array) => Array.from(array));
const inputs = ({ t, y, parameters }: Point): ProgramInputs => ({ t: t[0]?.[0] as number, y, parameters });

function moved(at: Point, along: Point, step: number): Point {
  const part = (name: keyof Point): Values =>
    at[name].map((list, leaf) => list.map((x, n) => x + step * (along[name][leaf]?.[n] as number)));
  return { t: part('t'), y: part('y'), parameters: part('parameters') };
}
