/** The type of every number of an emitted field. */
export type Precision = 'float32' | 'float64';

/** How a formula is evaluated: one number at a time, or a vector of them. */
export type Lanes = 'f32' | 'f64' | 'f32x4' | 'f64x2';

/** What the emitter needs to know of a precision. */
export interface Element {
  readonly type: 'f32' | 'f64';
  readonly vector: 'f32x4' | 'f64x2';
  /** Numbers in a vector. */
  readonly lanes: 4 | 2;
  /** Bytes of a number. */
  readonly size: 4 | 8;
}

export const elementOf: Readonly<Record<Precision, Element>> = {
  float32: { type: 'f32', vector: 'f32x4', lanes: 4, size: 4 },
  float64: { type: 'f64', vector: 'f64x2', lanes: 2, size: 8 },
};
