import type { Operand, Table } from './product.ts';

/** Adds addresses at equal distances, in bytes, to a table. */
export function equallySpaced(base: number, stride: number) {
  return (table: Table, first: number, count: number): void => {
    for (let n = first; n < first + count; n++) table.numbers[table.at++] = base + n * stride;
  };
}

/** A matrix in memory whose rows follow each other, `stride` numbers from one to the next. */
export function matrix(base: number, stride: number, rows: 'outer' | 'inner'): Operand {
  return {
    scattered: rows,
    ...(rows === 'inner' && { rows: { address: base, bytes: 4 * stride } }),
    write: (table, first, count, from) => equallySpaced(base + 4 * from, 4 * stride)(table, first, count),
  };
}
