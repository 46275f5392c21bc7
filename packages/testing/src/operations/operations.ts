import type { Operation } from './operation.ts';
import { binary } from './table/binary.ts';
import { convolutions } from './table/convolutions.ts';
import { elementwise } from './table/elementwise.ts';
import { indexing } from './table/indexing.ts';
import { networks } from './table/networks.ts';
import { normalizations } from './table/normalizations.ts';
import { pooling } from './table/pooling.ts';
import { products } from './table/products.ts';
import { rearrangements } from './table/rearrangements.ts';
import { reductions } from './table/reductions.ts';

/** The operations that every backend is tested with, by family. */
export const operations: readonly Operation[] = [
  ...elementwise,
  ...binary,
  ...reductions,
  ...products,
  ...convolutions,
  ...pooling,
  ...normalizations,
  ...rearrangements,
  ...indexing,
  ...networks,
];
