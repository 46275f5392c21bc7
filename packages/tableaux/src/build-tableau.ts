import { bernsteinRows } from './bernstein.ts';
import { coefficientValue } from './coefficient.ts';
import { endsAtY1, hermiteDense, isZeroRow } from './hermite.ts';
import type { Coefficient, Dense, DenseSpec, Tableau, TableauSpec } from './tableau.ts';

const specs = new WeakMap<Tableau, TableauSpec>();

/**
 * Makes a tableau without checking it: for this package's own, which its tests check, so that
 * importing one costs nothing.
 */
export function buildTableau(spec: TableauSpec): Tableau {
  const { name, order, embeddedOrder = order, citation } = spec;
  const [c, b] = [doubles(spec.c), doubles(spec.b)];
  const written = spec.a.map(doubles);
  const explicit = written.every((row, i) => row.every((entry, j) => j < i || entry === 0));
  const a = written.map((row, i) => Array.from({ length: explicit ? i : b.length }, (_, j) => row[j] ?? 0));
  const errorOrder = spec.errorOrder ?? Math.min(order, embeddedOrder);
  let dense: Dense | undefined;
  const tableau: Tableau = {
    name,
    order,
    ...(spec.bError ? { embeddedOrder, errorOrder, bError: doubles(spec.bError) } : {}),
    ...(spec.bErrorLow ? { bErrorLow: doubles(spec.bErrorLow) } : {}),
    stages: b.length,
    c,
    a,
    b,
    explicit,
    fsal: b.length > 1 && isZeroRow(a[0]) && endsAtY1(c, a, b),
    // Exact arithmetic, so done for the tableaux that are used only.
    get dense() {
      dense ??= spec.dense ? published(spec.dense) : hermiteDense({ order, c, a, b });
      return dense;
    },
    citation,
  };
  specs.set(tableau, spec);
  return tableau;
}

/**
 * The coefficients of a tableau as they were written, exact where its author wrote text.
 *
 * @param tableau one of this package, or made by `defineTableau`
 * @returns its specification; undefined for an object made in another way
 */
export function specOf(tableau: Tableau): TableauSpec | undefined {
  return specs.get(tableau);
}

function published({ order, extra, weights }: DenseSpec): Dense {
  return {
    order,
    kind: 'published',
    extra: { c: doubles(extra?.c ?? []), a: (extra?.a ?? []).map(doubles) },
    weights: bernsteinRows(weights),
  };
}

function doubles(row: readonly Coefficient[]): number[] {
  return row.map(coefficientValue);
}
