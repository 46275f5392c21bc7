import { describe, expect, it } from 'vitest';
import * as g from '../graph/build.ts';
import { type Node, type Shape, type SlopeProgram, sizeOf } from '../graph/graph.ts';
import { interpret, type ProgramInputs } from '../graph/interpret.ts';
import { inputsOf, start } from './fixtures.ts';

/** Numbers in (-2, 2), the same for the same seed. */
function random(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  };
}

export const tolerance = { float32: 2e-5, float64: 1e-12 };

export function expectClose(actual: readonly number[], expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  let scale = 0;
  for (const value of Array.from(expected)) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  actual.forEach((value, n) => {
    const wanted = expected[n]!;
    if (Number.isFinite(wanted)) {
      if (!(Math.abs(value - wanted) <= tolerance * (Math.abs(wanted) + 0.1 * scale + 1e-300))) {
        expect.fail(`element ${n}: ${value} instead of ${wanted}`);
      }
    } else if (!Object.is(value, wanted)) expect.fail(`element ${n}: ${value} instead of ${wanted}`);
  });
}

type Make = (y: readonly Node[], p: readonly Node[], t: Node) => Node[];

export function check(
  y: readonly Shape[],
  p: readonly Shape[],
  make: Make,
  values: (n: number, next: () => number) => number = (_, next) => next(),
): void {
  const inputs = inputsOf(y, p);
  const slope: SlopeProgram = { inputs, outputs: { slope: make(inputs.y, inputs.parameters, inputs.t) } };
  const next = random(y.length + 7);
  for (const precision of ['float32', 'float64'] as const) {
    const exact = precision === 'float32' ? Math.fround : (x: number) => x;
    const fill = (shape: Shape) => Float64Array.from({ length: sizeOf(shape) }, (_, n) => exact(values(n, next)));
    const given: ProgramInputs = { t: 0.75, y: y.map(fill), parameters: p.map(fill) };
    const expected = interpret(slope, given).slope.flatMap((leaf) => Array.from(leaf));
    for (const mode of ['unrolled', 'loops'] as const) {
      const running = start(slope, undefined, { precision, mode });
      try {
        expectClose(running.slope(given), expected, tolerance[precision]);
      } catch (error) {
        (error as Error).message = `${precision} ${mode}: ${(error as Error).message}`;
        throw error;
      }
    }
  }
}

const c = (values: readonly number[], shape: Shape) => g.constant(values, shape);

describe('every operation', () => {
  for (const f of ['neg', 'abs', 'floor', 'ceil', 'round', 'trunc'] as const) {
    it(f, () => check([[7]], [], ([y]) => [g.unary(f, y!)]));
  }
  it('sqrt', () => check([[7]], [], ([y]) => [g.unary('sqrt', g.unary('abs', y!))]));
  for (const f of [
    'add',
    'sub',
    'mul',
    'div',
    'mod',
    'max',
    'min',
    'equal',
    'notEqual',
    'less',
    'lessEqual',
  ] as const) {
    it(f, () =>
      check([[3, 5], [5]], [[3, 1]], ([a, b], [p]) => [g.binary(f, a!, b!), g.binary(f, p!, a!), g.binary(f, b!, b!)]),
    );
    it(`${f} of a constant`, () =>
      check([[9]], [], ([a]) => [g.binary(f, a!, g.scalar(0.5)), g.binary(f, g.scalar(0.5), a!)]));
  }
  it('max keeps NaN', () =>
    check(
      [[5], [5]],
      [],
      ([a, b]) => [
        g.binary('max', a!, b!),
        g.binary('min', b!, a!),
        g.binary('max', a!, g.scalar(0)),
        g.binary('min', g.scalar(1), a!),
      ],
      (n, next) => (n === 2 ? Number.NaN : next()),
    ));
  it('select', () =>
    check([[3, 5], [5]], [[3, 1]], ([a, b], [p]) => [
      g.select(g.binary('less', a!, b!), p!, a!),
      g.select(g.unary('round', a!), b!, g.scalar(3)),
    ]));
  it('powers by constants', () =>
    check([[5]], [], ([a]) =>
      [-3, -2.5, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3].map((e) => g.binary('pow', g.unary('abs', a!), g.scalar(e))),
    ));
  for (const f of ['sum', 'prod', 'max', 'min'] as const) {
    it(`reduce ${f}`, () =>
      check([[3, 4, 5]], [], ([y]) => [
        ...[[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]].map((axes) => g.reduce(f, y!, axes)),
        g.reduce(f, g.transpose(y!, [2, 0, 1]), [0]),
      ]));
  }
  it('reduce of long rows', () =>
    check([[3, 133]], [], ([y]) => [
      g.reduce('sum', y!, [1]),
      g.reduce('max', y!, [0]),
      g.reduce('sum', g.binary('mul', y!, y!), [0, 1]),
    ]));
  for (const [tA, tB] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    for (const [m, k, n] of [
      [1, 3, 1],
      [1, 7, 9],
      [5, 3, 2],
      [6, 5, 7],
      [13, 9, 18],
      [17, 6, 21],
    ] as const) {
      it(`matMul ${m}x${k}x${n} ${tA} ${tB}`, () =>
        check([tA ? [k, m] : [m, k]], [tB ? [n, k] : [k, n]], ([a], [b]) => [g.matMul(a!, b!, tA, tB)]));
    }
    it(`batched matMul ${tA} ${tB}`, () =>
      check([tA ? [2, 1, 3, 5] : [2, 1, 5, 3], tB ? [4, 6, 3] : [4, 3, 6]], [], ([a, b]) => [
        g.matMul(a!, b!, tA, tB),
      ]));
  }
  it('matMul of views', () =>
    check([[4, 3, 5]], [[3, 6]], ([a], [b]) => [
      g.matMul(g.transpose(a!, [0, 2, 1]), b!),
      g.matMul(g.slice(a!, [1, 0, 4], [2, 3, 3], [1, 1, -2]), b!, true),
    ]));
  it('moves', () =>
    check([[3, 4, 5], [5]], [], ([y, z]) => [
      g.reshape(y!, [12, 5]),
      g.reshape(g.transpose(y!, [2, 1, 0]), [4, 15]),
      g.transpose(y!, [1, 2, 0]),
      g.slice(y!, [2, 0, 4], [2, 2, 3], [-2, 3, -2]),
      g.broadcast(z!, [2, 3, 5]),
      g.concat([y!, g.transpose(y!, [0, 1, 2]), g.broadcast(z!, [3, 4, 5])], 1),
      g.concat([z!, z!], 0),
      g.pad(y!, [1, 0, 2], [0, 3, 1], 7),
      g.reverse(z!, [0]),
      y!,
      y!,
      g.full([2, 3], 4),
      c([1, 2, 3], [3]),
      c([], [0]),
    ]));
  it('gather and scatter', () => {
    const known = c([2, 0, 9, -4, 1], [5]);
    check([[3, 4, 5], [4]], [[5]], ([y, i], [p]) => [
      g.gather(y!, known, 1),
      g.gather(y!, i!, 0),
      g.gather(y!, p!, 2),
      g.scatterAdd(g.gather(y!, known, 1), known, 1, 4),
      g.scatterAdd(y!, i!, 1, 2),
      g.scatterAdd(y!, p!, 2, 3),
    ]);
  });
  for (const f of ['sum', 'prod'] as const) {
    it(`scan ${f}`, () =>
      check([[3, 4, 5]], [], ([y]) =>
        [0, 1, 2].flatMap((axis) =>
          [true, false].flatMap((exclusive) => [true, false].map((reverse) => g.scan(f, y!, axis, exclusive, reverse))),
        ),
      ));
  }
  it('the time', () => check([[3]], [], ([y], _, t) => [g.binary('mul', y!, t), g.broadcast(t, [2])]));
});
