/** How f is computed. */
export type FieldKind = 'compiled' | 'tensors' | 'arrays';

/** The options of `three-body` as parsed; the tolerances' defaults depend on the field. */
export interface ThreeBodyOptions {
  readonly field: FieldKind;
  readonly backend: string;
  readonly solver: string;
  readonly gradient: string;
  readonly rtol?: number;
  readonly atol?: number;
  readonly observations: number;
  readonly epochs: number;
  readonly starts: number;
  readonly seed: number;
  readonly out: string;
}

/** In double precision the paper's choice; on tensors where the errors of a float32 field and of the steps are about equal. */
export const defaultTolerance: Readonly<Record<FieldKind, number>> = { compiled: 1e-7, tensors: 1e-6, arrays: 1e-7 };
