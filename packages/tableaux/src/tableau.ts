/**
 * A coefficient: a double, or exact text: `'35/384'`, `'-0.25'`,
 * `'5.26001519587677318785587544488e-2'`.
 */
export type Coefficient = number | string;

/** Where a method was published; every tableau carries one. */
export interface Citation {
  /** Family names, as `'Dormand, Prince'`. */
  readonly authors: string;
  readonly year: number;
  readonly title: string;
  /** Journal, volume and pages, and the equation or table that holds the coefficients. */
  readonly where?: string;
  readonly doi?: string;
  readonly url?: string;
}

/** `L` coefficients; any number of them when `L` is not known to the compiler. */
export type Row<L extends number> = number extends L ? readonly Coefficient[] : Tuple<L>;

type Tuple<L extends number, T extends readonly Coefficient[] = readonly []> = T['length'] extends L
  ? T
  : Tuple<L, readonly [...T, Coefficient]>;

/** `S` rows: row `i` (from 0) holds `i` coefficients when explicit, or `S` of them. */
export type Rows<S extends number> = number extends S ? readonly (readonly Coefficient[])[] : RowsOf<Tuple<S>, S>;

type RowsOf<T extends readonly Coefficient[], S extends number> = { readonly [I in keyof T]: RowAt<I, S> };

type RowAt<I, S extends number> = I extends `${infer N extends number}` ? Row<N> | Row<S> : never;

/** A tableau as its author writes it; `defineTableau` checks it and makes a {@link Tableau} of it. */
export interface TableauSpec<S extends number = number> {
  /** The name of the literature, in camelCase: `'dopri5'`. */
  readonly name: string;
  /** Order of `b`, checked against the order conditions. */
  readonly order: number;
  /** Order of `b - bError`, checked likewise; required with `bError`. */
  readonly embeddedOrder?: number;
  /** Order of `b - bErrorLow`, checked likewise; required with `bErrorLow`. */
  readonly embeddedLowOrder?: number;
  /** Order q of the error estimate; default `min(order, embeddedOrder)`. */
  readonly errorOrder?: number;
  /** Abscissae, `S` of them; each is the sum of its row of `a`. */
  readonly c: Row<S>;
  /** Row `i` has `i` entries (explicit: strictly lower triangular) or `S`. */
  readonly a: Rows<S>;
  /** Weights of the solution, `S` of them. */
  readonly b: Row<S>;
  /** The error row itself, b - b-hat: the weights of the error estimate. */
  readonly bError?: Row<S>;
  /** A second, lower-order error row; see {@link Tableau.bErrorLow}. */
  readonly bErrorLow?: Row<S>;
  /** Published dense output; default: the cubic Hermite interpolant. */
  readonly dense?: DenseSpec;
  readonly citation: Citation;
}

/** Dense output as its author writes it. */
export interface DenseSpec {
  /** Order of `y(t0 + theta h)` for every theta in [0, 1]. */
  readonly order: number;
  /** Extra stages, evaluated only when an output lies inside a step; row `j` has `S + j` entries. */
  readonly extra?: {
    readonly c: readonly Coefficient[];
    readonly a: readonly (readonly Coefficient[])[];
  };
  /** `weights[i][k]` is the coefficient of theta^(k+1) in b_i(theta); stages, then extra stages. */
  readonly weights: readonly (readonly Coefficient[])[];
}

/**
 * A Runge-Kutta method as data: y1 = y0 + h sum_i b_i k_i with
 * k_i = f(t0 + c_i h, y0 + h sum_j a_ij k_j).
 */
export interface Tableau {
  readonly name: string;
  readonly order: number;
  readonly embeddedOrder?: number;
  /** Order q of the error estimate, so that the step factor is err^(-1/(q+1)). */
  readonly errorOrder?: number;
  /** Number of stages s. */
  readonly stages: number;
  /** Abscissae, length s. */
  readonly c: readonly number[];
  /** Row `i` has `i` entries when explicit, else s. */
  readonly a: readonly (readonly number[])[];
  /** Weights, length s. */
  readonly b: readonly number[];
  /** The error is h sum_i bError_i k_i; length s. */
  readonly bError?: readonly number[];
  /**
   * A second, lower-order error row (dop853): with norms n of `bError` and m of `bErrorLow` the
   * estimate is n^2 / sqrt(n^2 + 0.01 m^2) (Hairer, Nørsett & Wanner I, II.10).
   */
  readonly bErrorLow?: readonly number[];
  /** No stage needs itself or a later one. */
  readonly explicit: boolean;
  /** First same as last: the first stage is f(t0, y0) and the last one f(t1, y1). */
  readonly fsal: boolean;
  /** Always there: published, or the cubic Hermite interpolant. */
  readonly dense: Dense;
  readonly citation: Citation;
}

/** Dense output y(t0 + theta h) = y0 + h sum_i b_i(theta) k_i, over stages and extra stages. */
export interface Dense {
  readonly order: number;
  /** `'hermite'`: made here from f(t0, y0) and f(t1, y1). */
  readonly kind: 'published' | 'hermite';
  /** Extra stages, evaluated only when an output lies inside a step; row `j` has s + j entries. */
  readonly extra: { readonly c: readonly number[]; readonly a: readonly (readonly number[])[] };
  /**
   * `weights[i][k]` is the coefficient of C(n, k) theta^k (1 - theta)^(n - k) in b_i(theta), n its degree: the Bernstein
   * basis, in which nothing cancels on [0, 1]. The first is 0, the last b_i; s + extra rows.
   */
  readonly weights: readonly (readonly number[])[];
}
