import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryFunctions, unaryFunctions } from '../graph/functions.ts';
import type { BinaryFunction, UnaryFunction } from '../graph/graph.ts';
import { randomNumbers } from '../graph/random-program.ts';
import { expressionsOf } from './evaluator.ts';
import { type Expression, Expressions } from './expression.ts';
import { factored } from './factor.ts';
import { pack } from './pack.ts';
import { withReciprocals } from './reciprocal.ts';
import { rewritten } from './rewrite.ts';
import { widen } from './wide.ts';

/** The values of formulas; two of a wide one. */
function valuesOf(roots: readonly Expression[], leaves: readonly number[]): (readonly number[])[] {
  const values = new Map<Expression, readonly number[]>();
  for (const expression of expressionsOf(roots)) {
    const [a = [], b = [], c = []] = (expression.inputs as readonly Expression[]).map((input) => values.get(input)!);
    values.set(expression, evaluated(expression, leaves, a, b, c));
  }
  return roots.map((root) => values.get(root)!);
}

function evaluated(
  expression: Expression,
  leaves: readonly number[],
  ...[a, b, c]: readonly [readonly number[], readonly number[], readonly number[]]
): readonly number[] {
  switch (expression.op) {
    case 'constant':
      return expression.wide ? [expression.value, expression.value] : [expression.value];
    case 'leaf': {
      const first = leaves[expression.leaf]!;
      return expression.load === 'neighbours'
        ? [first, leaves[expression.leaf + 1]!]
        : expression.load
          ? [first, first]
          : [first];
    }
    case 'unary':
      return a.map((value) => unaryFunctions[expression.f](value));
    case 'binary':
      return a.map((value, n) => binaryFunctions[expression.f](value, b[n]!));
    case 'select':
      return a.map((value, n) => (value !== 0 ? b[n]! : c[n]!));
    case 'splat':
      return [a[0]!, a[0]!];
    case 'pair':
      return [a[0]!, b[0]!];
    case 'pick':
      return [a[expression.lanes[0]]!, b[expression.lanes[1]]!];
    case 'lane':
      return [a[expression.lane]!];
  }
}

const operations = (roots: readonly Expression[], f: BinaryFunction | UnaryFunction) =>
  expressionsOf(roots).filter((expression) => 'f' in expression && expression.f === f).length;

/** Random formulas of eight leaves, many of one form, as operations on arrays make them. */
function randomFormulas(seed: number, make: Expressions): Expression[] {
  const random = randomNumbers(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let rows = [0, 1, 2, 3].map((row) => [make.leaf(2 * row), make.leaf(2 * row + 1)]);
  const row = () => pick(rows);
  for (let n = 0; n < 12; n++) {
    const [x, y, z] = [row(), row(), row()];
    const crossed = random() < 0.2 ? [y[1]!, y[0]!] : random() < 0.2 ? [y[0]!, y[0]!] : y;
    const f = pick(['add', 'sub', 'mul', 'mul', 'div', 'max', 'less'] as const);
    const made = pick([
      () => x.map((one, i) => make.binary(f, one, crossed[i]!)),
      () => x.map((one, i) => make.binary(f, one, crossed[i]!)),
      () => x.map((one, i) => make.sum([make.binary('mul', one, z[i]!), make.binary('mul', crossed[i]!, z[i]!)])),
      () => x.map((one) => make.unary(pick(['neg', 'abs', 'sqrt']), one)),
      () => x.map((one) => make.binary('mul', one, make.constant(pick([-2, 0.5, 3])))),
      () => x.map((one, i) => make.select(z[i]!, one, crossed[i]!)),
      () => [make.sum(x), make.binary('mul', x[0]!, x[1]!)],
    ])();
    rows = [...rows, made];
  }
  return rows.slice(-6).flat();
}

const seeds = fc.integer({ min: 1, max: 1e9 });
const ordinary = (seed: number) => {
  const random = randomNumbers(seed + 1);
  return Array.from({ length: 8 }, () => (random() < 0.5 ? -1 : 1) * (0.5 + random()));
};
const specialValues = [
  0,
  -0,
  1,
  -1,
  0.3,
  -7,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  1e-300,
  -1e300,
];

function expectNear(actual: number, wanted: number): void {
  if (Number.isFinite(wanted)) expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(1e-13 * Math.abs(wanted));
  else expect(actual).toBe(wanted);
}

describe('several divisions by one number', () => {
  const make = new Expressions('float64');
  const [a, b, d] = [make.leaf(0), make.leaf(1), make.leaf(2)];
  const roots = [make.binary('div', a, d), make.binary('div', b, d), make.binary('div', make.constant(-3), d)];
  const shared = withReciprocals(roots, make);

  it('become one', () => {
    expect(operations(roots, 'div')).toBe(3);
    expect(operations(shared, 'div')).toBe(1);
    expect(withReciprocals([roots[0]!], make)).toEqual([roots[0]]);
  });

  it('give what they gave, with zeros, infinities and NaN too', () => {
    for (const x of specialValues) {
      for (const y of specialValues) {
        const leaves = [x, y, y];
        const [actual, wanted] = [valuesOf(shared, leaves), valuesOf(roots, leaves)];
        wanted.forEach(([value], n) => {
          if (value === 0) expect(actual[n]![0]).toBe(value);
          else expectNear(actual[n]![0]!, value!);
        });
      }
    }
  });

  it('leave a lone reciprocal its constant factor', () => {
    const scaled = make.binary('mul', make.binary('div', make.constant(1), d), make.constant(5));
    expect(withReciprocals([scaled], make)).toEqual([make.binary('div', make.constant(5), d)]);
  });
});

describe('common factors', () => {
  const make = new Expressions('float64');
  const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((n) => make.leaf(n)) as [
    Expression,
    Expression,
    Expression,
    Expression,
    Expression,
  ];
  const mul = (x: Expression, y: Expression) => make.binary('mul', x, y);

  it('leave a sum', () => {
    const sum = make.sum([mul(a, c), mul(b, c), make.unary('neg', mul(c, d))]);
    const [root] = factored([sum], make, { shared: false });
    expect(operations([sum], 'mul')).toBe(3);
    expect(operations([root!], 'mul')).toBe(1);
    expectNear(valuesOf([root!], [2, 3, 5, 7])[0]![0]!, -10);
  });

  it('leave it together, several from one product', () => {
    const both = mul(c, d);
    const sum = make.binary('sub', mul(a, both), mul(b, mul(e, both)));
    const [root] = factored([sum, both], make, { shared: true });
    expect(root).toBe(mul(both, make.binary('sub', a, mul(b, e))));
  });

  it('stay where nothing is saved: x + x y', () => {
    const sum = make.binary('add', a, mul(a, b));
    expect(factored([sum], make, { shared: true })).toEqual([sum]);
  });

  it('are looked for in shared products only when that is asked for', () => {
    const [first, second] = [mul(a, c), mul(b, c)];
    const roots = [make.binary('add', first, second), first, second];
    expect(factored(roots, make, { shared: false })).toEqual(roots);
    expect(rewritten(roots, make)).toEqual(roots);
  });
});

describe('random formulas', () => {
  it('keep their values when rewritten', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const make = new Expressions('float64');
        const roots = randomFormulas(seed, make);
        const leaves = ordinary(seed);
        const scale = Math.max(
          ...valuesOf(expressionsOf(roots), leaves).map(([x]) => (Number.isFinite(x) ? Math.abs(x!) : 0)),
        );
        for (const tried of [
          rewritten(roots, make),
          withReciprocals(roots, make),
          factored(roots, make, { shared: true }),
        ]) {
          const actual = valuesOf(tried, leaves);
          valuesOf(roots, leaves).forEach(([wanted], n) => {
            if (Number.isFinite(wanted)) expect(Math.abs(actual[n]![0]! - wanted!)).toBeLessThanOrEqual(1e-9 * scale);
          });
        }
      }),
      { numRuns: Number(process.env.FUZZ ?? 200) },
    );
  });

  it('have the very same values in pairs, special ones too', () => {
    let packed = 0;
    fc.assert(
      fc.property(
        seeds,
        fc.array(fc.constantFrom(...specialValues), { minLength: 8, maxLength: 8 }),
        (seed, special) => {
          const make = new Expressions('float64');
          const roots = randomFormulas(seed, make);
          const packing = pack([roots.slice(0, 7), roots.slice(7)], (leaf, next) => leaf + 1 === next);
          packed += packing.packs.size;
          const stored = widen(roots, packing);
          for (const leaves of [ordinary(seed), special]) {
            const wanted = valuesOf(roots, leaves).flat();
            const actual = valuesOf(
              stored.map(({ expression }) => expression),
              leaves,
            );
            expect(actual.flat()).toEqual(wanted);
            stored.forEach(({ at }, n) => {
              expect(at).toBe(actual.slice(0, n).flat().length);
            });
          }
        },
      ),
      { numRuns: Number(process.env.FUZZ ?? 200) },
    );
    expect(packed).toBeGreaterThan(0);
  });
});
