import { FieldError, InvalidInputError } from './errors.ts';
import type { Field } from './field.ts';
import type { Space, Tolerance } from './space.ts';

/** Numbers in order, as a user may give them. */
export type Numbers = readonly number[] | Float64Array;

/**
 * A copy in double precision.
 *
 * @throws InvalidInputError when it is no array of numbers
 */
export function toFloat64(input: string, values: unknown): Float64Array {
  if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
    throw new InvalidInputError(input, `${input} is ${describe(values)}: give an array of numbers.`);
  }
  if (ArrayBuffer.isView(values)) return new Float64Array(values as Float64Array);
  // A loop, since Float64Array.from with a function is ten times slower, and every cotangent passes here.
  const copy = new Float64Array(values.length);
  for (let i = 0; i < copy.length; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number') {
      throw new InvalidInputError(input, `${input}[${i}] is ${describe(value)}: give an array of numbers.`);
    }
    copy[i] = value;
  }
  return copy;
}

function describe(value: unknown): string {
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'string') return `the string '${value}'`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** States that are Float64Arrays: double precision without any dependency. */
export const float64Space: Space<Float64Array> = {
  combine(base, coefficients, terms) {
    const n = (base ?? (terms[0] as Float64Array)).length;
    const sum = base === null ? new Float64Array(n) : base.slice();
    for (let j = 0; j < terms.length; j++) {
      const c = coefficients[j] as number;
      const term = terms[j] as Float64Array;
      for (let i = 0; i < n; i++) sum[i] = (sum[i] as number) + c * (term[i] as number);
    }
    return sum;
  },
  zeros: (like) => new Float64Array(like.length),
  dot(a, b) {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
    return sum;
  },
  norm(y) {
    let sum = 0;
    let largest = 0;
    for (let i = 0; i < y.length; i++) {
      sum += (y[i] as number) ** 2;
      largest = Math.max(largest, Math.abs(y[i] as number));
    }
    if (y.length === 0) return 0;
    if (Number.isFinite(sum) || !Number.isFinite(largest)) return Math.sqrt(sum / y.length);
    return largest * (float64Space.norm(y.map((value) => value / largest)) as number);
  },
  errorNorm(error, y0, y1, tolerance) {
    let sum = 0;
    for (let i = 0; i < error.length; i++) {
      const e = error[i] as number;
      const scale = scaleAt(tolerance, y0, y1, i);
      if (!Number.isFinite(scale)) return Number.POSITIVE_INFINITY;
      if (e !== 0) sum += (e / scale) ** 2;
    }
    return error.length === 0 ? 0 : Math.sqrt(sum / error.length);
  },
  errorNormVjp(error, y0, y1, tolerance, cotangent) {
    const n = error.length;
    const back = {
      error: new Float64Array(n),
      y0: new Float64Array(n),
      y1: new Float64Array(n),
    };
    const norm = float64Space.errorNorm(error, y0, y1, tolerance) as number;
    if (norm === 0) return back;
    for (let i = 0; i < n; i++) {
      const e = error[i] as number;
      if (e === 0) continue;
      const scale = scaleAt(tolerance, y0, y1, i);
      back.error[i] = (cotangent * e) / (n * norm * scale ** 2);
      const larger = Math.abs(y0[i] as number) >= Math.abs(y1[i] as number) ? 'y0' : 'y1';
      const sign = Math.sign((larger === 'y0' ? y0 : y1)[i] as number);
      back[larger][i] = (-cotangent * e * e * componentOf(tolerance.rtol, i) * sign) / (n * norm * scale ** 3);
    }
    return back;
  },
  size: (y) => y.length,
  release() {},
};

function scaleAt(tolerance: Tolerance<Float64Array>, y0: Float64Array, y1: Float64Array, i: number): number {
  const larger = Math.max(Math.abs(y0[i] as number), Math.abs(y1[i] as number));
  return componentOf(tolerance.atol, i) + componentOf(tolerance.rtol, i) * larger;
}

function componentOf(value: number | Float64Array, i: number): number {
  return typeof value === 'number' ? value : (value[i] as number);
}

/**
 * y' = f(t, y, p) on plain arrays, of which y and p are the solver's, to be read only. What it returns is copied, so it
 * may fill and return one array of its own again and again.
 */
export type ArrayFunction = (t: number, y: Float64Array, p: Float64Array) => Numbers;

/**
 * The vector-Jacobian product of an {@link ArrayFunction}: v . df/dy, v . df/dp and, where f depends on t, v . df/dt.
 */
export type ArrayVjp = (
  t: number,
  y: Float64Array,
  v: Float64Array,
  p: Float64Array,
) => { readonly y: Numbers; readonly p?: Numbers; readonly t?: number };

/** A function that brings a field of its own, as a compiled one does: that is solved in place of calls of the function. */
export interface FieldBearer {
  /** @param parameters default: those that the function holds */
  field(parameters?: Numbers): Field<Float64Array, Float64Array> & { readonly size: number };
}

/**
 * A field on Float64Arrays.
 *
 * @param f the right-hand side; y has `size` components, and so has what it returns
 * @param options `size`; `parameters` (default none); `vjp`, needed for gradients only
 */
export function arrayField(
  f: ArrayFunction | FieldBearer,
  options: {
    readonly size: number;
    readonly parameters?: Numbers | undefined;
    readonly vjp?: ArrayVjp | undefined;
  },
): Field<Float64Array, Float64Array> {
  const { size, vjp } = options;
  if (typeof f !== 'function') {
    throw new InvalidInputError('f', `f is ${f === null ? f : typeof f}: give a function f(t, y, p).`);
  }
  const own = (f as Partial<FieldBearer>).field?.(options.parameters);
  if (own) {
    // Of a field of one sample the state is a batch, which is checked where it is split.
    if (own.size === size || own.sampleSizes) return own;
    throw new InvalidInputError(
      'y0',
      `y0 holds ${size} numbers where the field was made for ${own.size}: make it for a state of this size.`,
    );
  }
  const p = toFloat64('parameters', options.parameters ?? []);
  let watched = true;
  const checked = (t: number, what: string, values: Numbers, length: number) => {
    if (values?.length === length && typeof values === 'object') return new Float64Array(values);
    const given = values?.length === undefined ? `is ${describe(values)}` : `has ${values.length} components`;
    throw new FieldError(
      t,
      `The field's ${what} ${given} at t = ${t} where ${length} components are due: return one number for each.`,
    );
  };
  /** The first call shows whether f writes into its arguments, which would spoil the solve silently. */
  const watchedCall = (t: number, y: Float64Array) => {
    watched = false;
    const [state, parameters] = [y.slice(), p.slice()];
    const slope = checked(t, 'slope', f(t, state, parameters), size);
    if (state.every((v, i) => Object.is(v, y[i])) && parameters.every((v, i) => Object.is(v, p[i]))) return slope;
    throw new FieldError(
      t,
      `The field writes into its argument y or p at t = ${t}, which belong to the solver: return a new array.`,
    );
  };
  return {
    parameters: p,
    parameterSpace: float64Space,
    evaluate: (t, y) => (watched ? watchedCall(t, y) : checked(t, 'slope', f(t, y, p), size)),
    vjp(t, y, v) {
      if (!vjp) {
        throw new InvalidInputError(
          'vjp',
          'This field on plain arrays has no vjp, so it has no gradient: pass vjp: (t, y, v, p) => ({ y, p, t }).',
        );
      }
      const back = vjp(t, y, v, p);
      if (typeof back !== 'object') {
        throw new FieldError(t, `The field's vjp is ${describe(back)} at t = ${t}: return { y, p, t }.`);
      }
      return {
        t: back.t ?? 0,
        y: checked(t, 'vjp for y', back.y, size),
        parameters: checked(t, 'vjp for p', back.p ?? [], p.length),
      };
    },
  };
}
