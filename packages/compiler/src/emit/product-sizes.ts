import type { Local } from '@neural-ode/assembler';

/** Rows and columns of one product, and how far neighbours lie apart, in elements. */
export interface ProductSizes {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly a: readonly [row: number, inner: number];
  readonly b: readonly [inner: number, column: number];
  readonly c: readonly [row: number, column: number];
  readonly add: boolean;
}

/** Where the matrices begin, and scratch memory for a panel. */
export interface ProductPointers {
  readonly a: Local<'i32'>;
  readonly b: Local<'i32'>;
  readonly c: Local<'i32'>;
  readonly panel: Local<'i32'>;
}
