/** A number that knows what it was computed from: differentiation in its plainest form, to check others by. */
export interface Scalar {
  readonly value: number;
  /** What it depends on, and how steeply. */
  readonly from: readonly (readonly [Scalar, slope: number])[];
  bar: number;
}

/** All numbers since the last derivative was asked for, in order. */
let tape: Scalar[] = [];

function made(value: number, ...from: readonly (readonly [Scalar, number])[]): Scalar {
  const scalar = { value, from, bar: 0 };
  tape.push(scalar);
  return scalar;
}

/** A number, or one that is known. */
type Operand = Scalar | number;
const of = (x: Operand): Scalar => (typeof x === 'number' ? made(x) : x);

export function add(...terms: readonly Operand[]): Scalar {
  const all = terms.map(of);
  return made(
    all.reduce((sum, { value }) => sum + value, 0),
    ...all.map((one) => [one, 1] as const),
  );
}

export function mul(...factors: readonly Operand[]): Scalar {
  return factors.map(of).reduce((a, b) => made(a.value * b.value, [a, b.value], [b, a.value]));
}

export const neg = (x: Operand): Scalar => mul(-1, x);
export const sub = (a: Operand, b: Operand): Scalar => add(a, neg(b));

export function div(a: Operand, b: Operand): Scalar {
  const [x, y] = [of(a), of(b)];
  return made(x.value / y.value, [x, 1 / y.value], [y, -x.value / y.value ** 2]);
}

function unary(x: Operand, f: (x: number) => number, slope: (x: number, y: number) => number): Scalar {
  const from = of(x);
  const value = f(from.value);
  return made(value, [from, slope(from.value, value)]);
}

export const sin = (x: Operand): Scalar => unary(x, Math.sin, Math.cos);
export const cos = (x: Operand): Scalar => unary(x, Math.cos, (v) => -Math.sin(v));
export const tanh = (x: Operand): Scalar => unary(x, Math.tanh, (_, y) => 1 - y * y);
export const sqrt = (x: Operand): Scalar => unary(x, Math.sqrt, (_, y) => 0.5 / y);
export const sigmoid = (x: Operand): Scalar =>
  unary(
    x,
    (v) => 1 / (1 + Math.exp(-v)),
    (_, y) => y * (1 - y),
  );

/** The product of a row of numbers with a matrix, whose rows lie one after the other. */
export function product(row: readonly Scalar[], matrix: readonly Scalar[], columns: number): Scalar[] {
  return Array.from({ length: columns }, (_, j) =>
    add(...row.map((x, i) => mul(x, matrix[i * columns + j] as Scalar))),
  );
}

/** f(t, y, p) in such numbers. */
export type ScalarField = (t: Scalar, y: readonly Scalar[], p: readonly Scalar[]) => Scalar[];

/** A field and its vector-Jacobian product on plain arrays. */
export function arraysOf(f: ScalarField): {
  f(t: number, y: Float64Array, p: Float64Array): Float64Array;
  vjp(
    t: number,
    y: Float64Array,
    cotangent: Float64Array,
    p: Float64Array,
  ): { t: number; y: Float64Array; p: Float64Array };
} {
  const run = (t: number, y: Float64Array, p: Float64Array) => {
    tape = [];
    const list = (values: Float64Array) => Array.from(values, (value) => made(value));
    const [time, state, parameters] = [made(t), list(y), list(p)];
    return { time, state, parameters, slope: f(time, state, parameters) };
  };
  return {
    f: (t, y, p) => Float64Array.from(run(t, y, p).slope, ({ value }) => value),
    vjp(t, y, cotangent, p) {
      const { time, state, parameters, slope } = run(t, y, p);
      slope.forEach((one, n) => {
        one.bar += cotangent[n] as number;
      });
      for (const one of tape.reverse()) for (const [from, steep] of one.from) from.bar += steep * one.bar;
      const bars = (list: readonly Scalar[]) => Float64Array.from(list, ({ bar }) => bar);
      return { t: time.bar, y: bars(state), p: bars(parameters) };
    },
  };
}
