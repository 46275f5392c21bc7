/** The entries of a coefficient row that are not zero. */
export interface SparseRow {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

/** Drops the zeros of a row, so that no term is computed in vain. */
export function sparseRow(row: readonly number[]): SparseRow {
  const indices = row.flatMap((value, index) => (value === 0 ? [] : [index]));
  return { indices, values: indices.map((index) => row[index] as number) };
}
