import { relativeError } from '@neural-ode/testing';
import { describe, expect, it } from 'vitest';
import * as g from '../graph/build.ts';
import { type Node, programNodes, type Shape, type SlopeProgram, sizeOf } from '../graph/graph.ts';
import { interpret } from '../graph/interpret.ts';
import { inputsOf, start } from './fixtures.ts';
import { fuse } from './fusion.ts';

const fill = (shape: Shape, seed: number) =>
  Float64Array.from({ length: sizeOf(shape) }, (_, n) => Math.fround(Math.sin(7 * n + seed)));

/** Programs of a product [m, k] x [k, n] and what follows it. */
const followed = {
  'a bias and an activation': (xw: Node, { bias }: Sides) => g.unary('tanh', g.binary('add', xw, bias)),
  'a bias alone': (xw: Node, { bias }: Sides) => g.binary('add', xw, bias),
  "an activation's slope": (xw: Node, { layer }: Sides) =>
    g.binary('mul', xw, g.binary('sub', g.scalar(1), g.binary('mul', layer, layer))),
  'a number for each row': (xw: Node, { rows }: Sides) => g.binary('mul', g.unary('sin', xw), rows),
  'itself twice': (xw: Node, { bias }: Sides) => g.binary('mul', xw, g.binary('add', xw, bias)),
  'a long function': (xw: Node, { layer }: Sides) => g.binary('pow', g.unary('exp', xw), layer),
} as const;

interface Sides {
  readonly bias: Node;
  readonly layer: Node;
  readonly rows: Node;
}

function program(m: number, k: number, n: number, after: (xw: Node, sides: Sides) => Node) {
  const inputs = inputsOf(
    [[m, k]],
    [
      [k, n],
      [1, n],
      [m, n],
      [m, 1],
    ],
  );
  const [w, bias, layer, rows] = inputs.parameters.map((node) => node as Node) as [Node, Node, Node, Node];
  const product = g.matMul(inputs.y[0]!, w, false, false);
  const wide = (node: Node) => g.broadcast(node, [m, n]);
  return { inputs, product, node: after(product, { bias: wide(bias), layer, rows: wide(rows) }) };
}

const given = ({ y, parameters }: SlopeProgram['inputs']) => ({
  t: 0,
  y: y.map(({ shape }) => fill(shape, 1)),
  parameters: parameters.map(({ shape }, n) => fill(shape, 2 + n)),
});

describe.each(['float32', 'float64'] as const)('what follows a product in %s', (precision) => {
  it.each(Object.entries(followed))('%s, of all small sizes', (_, after) => {
    for (const m of [1, 3, 4, 5, 13]) {
      for (const [k, n] of [
        [1, 4],
        [7, 8],
        [5, 12],
        [9, 20],
        [3, 5],
        [6, 1],
        [300, 8],
      ] as const) {
        const { inputs, node } = program(m, k, n, after);
        const slope: SlopeProgram = { inputs, outputs: { slope: [node] } };
        const actual = start(slope, undefined, { precision, mode: 'loops' }).slope(given(inputs));
        const error = relativeError(actual, [...interpret(slope, given(inputs)).slope[0]!]);
        expect(error, `${m} x ${k} x ${n}`).toBeLessThan(precision === 'float32' ? 2e-5 : 1e-13);
      }
    }
  });

  it('is added to what is there, and the product written where others read it too', () => {
    const { inputs, product, node } = program(5, 3, 8, followed['a bias and an activation']);
    const slope: SlopeProgram = { inputs, outputs: { slope: [node] } };
    const sum = g.reduce('sum', product, [0]);
    const outputs = { y: [], parameters: [node, sum], t: [g.scalar(0)] };
    const running = start(slope, { inputs, outputs }, { precision, mode: 'loops' });
    const old = Array.from({ length: 48 }, (_, n) => n);
    const [wanted, sums] = interpret({ inputs, outputs }, given(inputs)).parameters;
    const expected = [...wanted!, ...sums!].map((value, n) => value + n);
    expect(relativeError(running.vjp(given(inputs), old).parameters, expected)).toBeLessThan(1e-6);
  });
});

it('a product joins the elementwise group that alone reads it', () => {
  const { product, node } = program(5, 3, 8, followed['a bias and an activation']);
  const nodes = programNodes({ inputs: program(5, 3, 8, (x) => x).inputs, outputs: { slope: [node] } });
  const alone = fuse(nodes, new Set([node]));
  expect(alone.groupOf.get(product)).toBe(alone.groupOf.get(node));
  const read = fuse(nodes, new Set([node, product]));
  expect(read.groupOf.get(product)).not.toBe(read.groupOf.get(node));
});
