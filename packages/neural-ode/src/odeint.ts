import {
  type ArrayFunction,
  type ArrayOptions,
  type ArrayPullback,
  type ArrayVjp,
  odeint as arrayOdeint,
  odeintVjp as arrayOdeintVjp,
  type ByValueOrName,
  type FieldBearer,
  type Numbers,
} from '@neural-ode/core';
import {
  type Like,
  type TensorFunction,
  type TensorOptions,
  type TensorTree,
  type Times,
  odeint as tensorOdeint,
  odeintAsync as tensorOdeintAsync,
} from '@neural-ode/tensor';
import { type Defaulted, isNumbers, withSolver } from './standard.ts';

/** Options of {@link odeint} on tensors; the default gradient is `'aca'`. */
export type OdeintOptions<A = undefined> = Defaulted<TensorOptions<A>>;

/**
 * Solves y' = f(t, y), y(ts[0]) = y0, and gives the states at `ts`.
 *
 * On tensors the result is differentiable like any tfjs operation: with respect to y0, `args`, the variables that f
 * reads, and ts when it is a tensor. On plain numbers everything is double precision; see `odeintVjp` for gradients.
 *
 * @param f the field; on tensors `f(t, y, args)` with t a float32 scalar, on numbers `f(t, y, parameters)`
 * @param y0 a float32 tensor, an array or a record of tensors; or an array of numbers
 * @param ts output times, strictly monotonic in either direction, the start first
 * @param options defaults: solver `'dopri5'`, gradient `'aca'`, rtol 1e-5, atol 1e-7
 * @returns on tensors a tree as y0, each leaf `[ts.length, ...shape]`, which the caller disposes; on numbers one
 *   Float64Array for each of `ts`
 * @throws InvalidInputError for an argument or option that is unusable, RegistryError for an unknown name, FieldError when
 *   f returns no slope of the state or is not finite at the start, SolveError when the end is not reached
 */
export function odeint(f: ArrayFunction, y0: Numbers, ts: Numbers, options?: Defaulted<ArrayOptions>): Float64Array[];
export function odeint<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  f: TensorFunction<NoInfer<Y>, NoInfer<A>>,
  y0: Y,
  ts: Times,
  options?: OdeintOptions<A>,
): Like<Y>;
export function odeint(f: unknown, y0: unknown, ts: unknown, options: Defaulted<{ solver: unknown }> = {}): unknown {
  // The overloads have checked the types; here only the kind of state decides.
  const [solve, defaults] = isNumbers(y0) ? [arrayOdeint, {}] : [tensorOdeint, { gradient: 'aca' }];
  return (solve as (...args: unknown[]) => unknown)(f, y0, ts, { ...defaults, ...withSolver(options) });
}

/**
 * Like {@link odeint} on tensors, for backends that cannot be read synchronously. The result is not differentiable: plan
 * a mesh and give it to `odeint` for that. y0 and args must stay alive until the promise settles.
 */
export function odeintAsync<Y extends TensorTree, A extends TensorTree | undefined = undefined>(
  f: TensorFunction<NoInfer<Y>, NoInfer<A>>,
  y0: Y,
  ts: Times,
  options: OdeintOptions<A> = {},
): Promise<Like<Y>> {
  return tensorOdeintAsync(f, y0, ts, withSolver(options));
}

/** Options of {@link odeintVjp}; the default gradient is `'aca'`. */
export type ArrayVjpOptions = Defaulted<Omit<Parameters<typeof arrayOdeintVjp>[3], 'gradient'>> & {
  /** Default `'aca'`. */
  readonly gradient?: ByValueOrName<'gradient'> | undefined;
};

/**
 * Solves on plain numbers like {@link odeint}, and returns the states with `pullback`, which takes cotangents of them to
 * cotangents of y0, the parameters and the times.
 *
 * @param options as for `odeint`, and the field's own `vjp: (t, y, v, parameters) => ({ y, p, t })`, which a compiled field
 *   brings itself
 */
export function odeintVjp(
  f: FieldBearer,
  y0: Numbers,
  ts: Numbers,
  options?: Omit<ArrayVjpOptions, 'vjp'>,
): ArrayPullback;
export function odeintVjp(
  f: ArrayFunction,
  y0: Numbers,
  ts: Numbers,
  options: ArrayVjpOptions & { readonly vjp: ArrayVjp },
): ArrayPullback;
export function odeintVjp(
  f: ArrayFunction | FieldBearer,
  y0: Numbers,
  ts: Numbers,
  options: ArrayVjpOptions = {},
): ArrayPullback {
  const { gradient = 'aca', ...rest } = withSolver(options);
  return arrayOdeintVjp(f, y0, ts, { gradient, ...rest });
}
