import type { Coefficient } from './tableau.ts';
import type { Tree } from './tree.ts';

/** What is wrong with a refused tableau. */
export type TableauErrorCode =
  | 'entry'
  | 'coefficient'
  | 'length'
  | 'order'
  | 'row-sum'
  | 'order-condition'
  | 'dense-end';

/** Where it is wrong; each field is there when the code has a use for it. */
export interface TableauErrorDetails {
  /** Name of the tableau. */
  readonly tableau?: string;
  /** Which row: `'a[3]'`, `'b'`, `'b - bError'`, `'dense.weights, theta^2'`. */
  readonly row?: string;
  /** First rooted tree whose condition fails. */
  readonly tree?: Tree;
  /** Left side minus right side of the failing condition. */
  readonly residual?: number;
  /** The malformed coefficient. */
  readonly coefficient?: Coefficient;
}

/** A tableau was refused: `code` says what is wrong, the details say where. */
export class TableauError extends Error implements TableauErrorDetails {
  override readonly name: string = 'TableauError';
  readonly code: TableauErrorCode;
  readonly tableau?: string;
  readonly row?: string;
  readonly tree?: Tree;
  readonly residual?: number;
  readonly coefficient?: Coefficient;

  constructor(code: TableauErrorCode, message: string, details: TableauErrorDetails = {}) {
    super(message);
    this.code = code;
    Object.assign(this, details);
  }
}
