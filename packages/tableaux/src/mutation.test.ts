import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { allTableaux } from './all.ts';
import { specOf } from './build-tableau.ts';
import { checkSpec } from './check-spec.ts';
import { parseCoefficient } from './coefficient.ts';
import { exactResidual } from './elementary-weights.ts';
import type { Coefficient, TableauSpec } from './tableau.ts';
import { treesUpTo } from './tree.ts';

type Mutable = { -readonly [K in keyof TableauSpec]: unknown };
type Path = readonly (string | number)[];

/** Where the coefficients of a specification are. */
function coefficientPaths(spec: TableauSpec): Path[] {
  const { c, a, b, bError, bErrorLow, dense } = spec;
  const leaves = (value: unknown, path: Path): Path[] =>
    Array.isArray(value) ? value.flatMap((entry, i) => leaves(entry, [...path, i])) : [path];
  return [
    ...leaves(c, ['c']),
    ...leaves(a, ['a']),
    ...leaves(b, ['b']),
    ...(bError ? leaves(bError, ['bError']) : []),
    ...(bErrorLow ? leaves(bErrorLow, ['bErrorLow']) : []),
    ...(dense?.extra ? leaves(dense.extra.c, ['dense', 'extra', 'c']) : []),
    ...(dense?.extra ? leaves(dense.extra.a, ['dense', 'extra', 'a']) : []),
    ...(dense ? leaves(dense.weights, ['dense', 'weights']) : []),
  ];
}

function at(value: unknown, path: Path): unknown {
  return path.reduce((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

/** Runs `test` while the coefficients at some paths are others. */
function whileChanged<R>(spec: Mutable, changes: readonly [Path, Coefficient][], test: () => R): R {
  const put = ([path, value]: readonly [Path, unknown]) => {
    const parent = at(spec, path.slice(0, -1)) as Record<string | number, unknown>;
    parent[path.at(-1) as string | number] = value;
  };
  const before = changes.map(([path]) => [path, at(spec, path)] as const);
  changes.forEach(put);
  try {
    return test();
  } finally {
    before.forEach(put);
  }
}

/** The sixth significant digit, or the last one of a shorter number, becomes the next digit. */
function changeDigit(text: string): string {
  let significant = 0;
  let position = -1;
  for (const [i, char] of [...text].entries()) {
    if (char === 'e' || char === '/') break;
    if (!/\d/.test(char) || (significant === 0 && char === '0' && /[1-9]/.test(mantissa(text)))) continue;
    if (++significant <= 6) position = i;
  }
  const digit = (Number(text[position]) + 1) % 10;
  return text.slice(0, position) + digit + text.slice(position + 1);
}

function mantissa(text: string): string {
  return text.split(/[e/]/)[0] ?? '';
}

/** A coefficient and the change of it, exactly, as a fraction. */
function shifted(coefficient: Coefficient, by: bigint, over: bigint): string {
  const { numerator, denominator } = parseCoefficient(coefficient).rational;
  return `${numerator * over + by * denominator}/${denominator * over}`;
}

/** What the order conditions leave open, and the literature does not. */
const literature: Record<string, (spec: TableauSpec) => boolean> = {
  bosh3: ({ a, b }) => isDeepStrictEqual([...(a[3] ?? []), '0'], b), // first same as last
  dop853: ({ bError, bErrorLow }) => bError?.[12] === '0' && bErrorLow?.[12] === '0', // no use of the last stage
  fehlberg21: ({ a, b, bError = [] }) => isDeepStrictEqual(difference(b, bError), (a[2] ?? []).map(value).concat(0)),
  heunEuler: ({ b, bError = [] }) => isDeepStrictEqual(difference(b, bError), [1, 0]), // Euler's method
};

const value = (coefficient: Coefficient) => parseCoefficient(coefficient).value;
const difference = (x: readonly Coefficient[], y: readonly Coefficient[]) =>
  x.map((coefficient, i) => value(coefficient) - value(y[i] ?? 0));

function noticed(spec: TableauSpec): boolean {
  try {
    checkSpec(spec);
  } catch {
    return true;
  }
  return !(literature[spec.name]?.(spec) ?? true) || exactlyWrong(spec);
}

/** Whether the dense output misses its conditions by more than its digits, which a tolerance may hide. */
function exactlyWrong({ a, dense }: TableauSpec): boolean {
  if (!dense) return false;
  const rationals = (row: readonly Coefficient[]) => row.map((x) => parseCoefficient(x).rational);
  const residual = exactResidual([...a, ...(dense.extra?.a ?? [])].map(rationals));
  return (dense.weights[0] ?? []).some((_, k) => {
    const column = rationals(dense.weights.map((row) => row[k] as Coefficient));
    return treesUpTo(dense.order).some(
      (tree) => Math.abs(residual(column, tree, tree.order === k + 1 ? 1 : 0)) > 1e-25,
    );
  });
}

describe.each(allTableaux.map((tableau) => [tableau.name, specOf(tableau) as TableauSpec] as const))(
  '%s',
  (_, original) => {
    const spec = structuredClone(original);

    it('is refused when one digit of any coefficient is another', () => {
      const paths = coefficientPaths(spec);
      expect(paths.length).toBeGreaterThan(0);
      expect(noticed(spec)).toBe(false);
      const unnoticed = paths.filter((path) => {
        const text = String(at(spec, path));
        const changed = changeDigit(text);
        expect(changed).not.toBe(text);
        return !whileChanged(spec as Mutable, [[path, changed]], () => noticed(spec));
      });
      expect(unnoticed.map((path) => path.join('.'))).toEqual([]);
    });

    // Sums of rows notice any single change, so the order conditions are put to the test by changes
    // that keep the sums: a millionth is taken from one coefficient and added to another of its row.
    it('is refused when a millionth moves from one coefficient of a row to another', () => {
      const rows = new Map<string, Path[]>();
      for (const path of coefficientPaths(spec)) {
        if (path.at(-2) === 'c' || path[0] === 'c') continue;
        const key = path.slice(0, -1).join('.');
        rows.set(key, [...(rows.get(key) ?? []), path]);
      }
      const pairs = [...rows.values()].flatMap((row) => row.slice(1).map((path, i) => [row[i] as Path, path] as const));
      const unnoticed = pairs.filter(([from, to]) => {
        const changes: [Path, Coefficient][] = [
          [from, shifted(at(spec, from) as Coefficient, -1n, 1_000_000n)],
          [to, shifted(at(spec, to) as Coefficient, 1n, 1_000_000n)],
        ];
        // The method itself is as before when its dense output changes: spare the check of its order.
        const shown = from[0] === 'dense' ? { ...spec, order: 1, embeddedOrder: 1 } : spec;
        return !whileChanged(spec as Mutable, changes, () => noticed(shown));
      });
      expect(unnoticed.map(([from, to]) => `${from.join('.')} ${to.at(-1)}`)).toEqual([]);
    });
  },
);
