/** The entries of a coefficient row that are not zero. */
export interface SparseRow {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

/** Drops the zeros of a row, so that no term is computed in vain. */
export function sparseRow(row: readonly number[]): SparseRow {
  const indices: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < row.length; i++) {
    if (row[i] === 0) continue;
    indices.push(i);
    values.push(row[i] as number);
  }
  return { indices, values };
}
