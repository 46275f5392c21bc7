import type { TableauSpec } from './tableau.ts';
import { TableauError } from './tableau-error.ts';

const entries: readonly string[] = Object.keys({
  name: 0,
  order: 0,
  embeddedOrder: 0,
  embeddedLowOrder: 0,
  errorOrder: 0,
  c: 0,
  a: 0,
  b: 0,
  bError: 0,
  bErrorLow: 0,
  dense: 0,
  citation: 0,
} satisfies Record<keyof TableauSpec, 0>);

/** Every entry is one that is read: a misspelt error row would be missed only when steps are to be searched for. */
export function checkEntries(spec: TableauSpec): void {
  const unknown = Object.keys(spec).find((entry) => !entries.includes(entry));
  if (unknown === undefined) return;
  const message = `${spec.name}: there is no entry '${unknown}': a tableau has ${entries.join(', ')}; bError is b minus the embedded weights.`;
  throw new TableauError('entry', message, { tableau: spec.name, row: unknown });
}

/** Every order that is claimed is one that can be checked. */
export function checkOrders({
  name,
  order,
  embeddedOrder,
  embeddedLowOrder,
  bError,
  bErrorLow,
  dense,
}: TableauSpec): void {
  const claims = {
    order,
    ...(bError ? { embeddedOrder } : {}),
    ...(bErrorLow ? { embeddedLowOrder } : {}),
    ...(dense ? { 'dense.order': dense.order } : {}),
  };
  for (const [row, claim] of Object.entries(claims)) {
    if (claim !== undefined && Number.isInteger(claim) && claim >= 1) continue;
    const message = `${name}: ${row} is ${claim}, but must be a whole number of at least 1, being the order that is checked: state it.`;
    throw new TableauError('order', message, { tableau: name, row });
  }
}

/** Every row has as many entries as `b` has stages. */
export function checkLengths({ name, c, a, b, bError = b, bErrorLow = b, dense }: TableauSpec): void {
  const stages = b.length;
  const expect = (row: string, length: number, ...allowed: number[]): void => {
    if (allowed.includes(length)) return;
    const message = `${name}: ${row} has ${length} entries instead of ${allowed.join(' or ')}, b having ${stages}: an entry is missing or one too many; write zeros too.`;
    throw new TableauError('length', message, { tableau: name, row });
  };
  if (stages === 0) expect('b', 0, 1);
  expect('c', c.length, stages);
  expect('bError', bError.length, stages);
  expect('bErrorLow', bErrorLow.length, stages);
  expect('a', a.length, stages);
  a.forEach((row, i) => {
    expect(`a[${i}]`, row.length, i, stages);
  });
  if (!dense) return;
  const { extra = { c: [], a: [] }, weights } = dense;
  expect('dense.extra.c', extra.c.length, extra.a.length);
  extra.a.forEach((row, j) => {
    expect(`dense.extra.a[${j}]`, row.length, stages + j);
  });
  expect('dense.weights', weights.length, stages + extra.a.length);
  const degree = Math.max(...weights.map((row) => row.length));
  weights.forEach((row, i) => {
    expect(`dense.weights[${i}]`, row.length, degree);
  });
}
