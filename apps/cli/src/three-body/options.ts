/** The options of `three-body` as parsed; the tolerances' defaults depend on the state. */
export interface ThreeBodyOptions {
  readonly state: 'tfjs' | 'float64';
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

/** Where the errors of a float32 field and of the steps are about equal; and, in double precision, the paper's choice. */
export const defaultTolerance = { tfjs: 1e-6, float64: 1e-7 } as const;
