import type { FunctionBuilder, FunctionRef, Local, Operand } from '@neural-ode/assembler';
import { type StepContext, slopePlaces } from './emit-step.ts';
import { StateCode, type Term } from './lanes.ts';

/** A stage's weight on an output. */
export interface StageWeight {
  readonly stage: number;
  readonly weight: Local<'f64'>;
}

/** b_i(theta) for every stage on which the dense output depends. */
export function denseWeights(f: FunctionBuilder, { plan }: StepContext, theta: Local<'f64'>): StageWeight[] {
  const { weights } = plan.tableau.dense;
  const basis = bernsteinBasis(f, (weights[0]?.length ?? 1) - 1, theta);
  return weights.flatMap((row, stage) => {
    const weight = dot(f, row, basis);
    return weight ? [{ stage, weight }] : [];
  });
}

/** db_i/dtheta likewise. */
export function denseSlopes(f: FunctionBuilder, { plan }: StepContext, theta: Local<'f64'>): StageWeight[] {
  const { weights } = plan.tableau.dense;
  const degree = (weights[0]?.length ?? 1) - 1;
  const basis = bernsteinBasis(f, degree - 1, theta);
  return weights.flatMap((row, stage) => {
    const weight = dot(
      f,
      row.slice(1).map((value, k) => degree * (value - (row[k] as number))),
      basis,
    );
    return weight ? [{ stage, weight }] : [];
  });
}

function dot(f: FunctionBuilder, row: readonly number[], basis: readonly Local<'f64'>[]): Local<'f64'> | undefined {
  let sum: Local<'f64'> | undefined;
  row.forEach((value, k) => {
    if (value === 0) return;
    const product = f.f64.mul(basis[k] as Local<'f64'>, value);
    if (sum) f.set(sum, f.f64.add(sum, product));
    else sum = f.let(product);
  });
  return sum;
}

/** C(n, k) theta^k (1 - theta)^(n - k) for k = 0..n. */
function bernsteinBasis(f: FunctionBuilder, degree: number, theta: Local<'f64'>): Local<'f64'>[] {
  const rest = f.let(f.f64.sub(1, theta));
  let basis = [f.let(f.f64.const(1))];
  for (let n = 1; n <= degree; n++) {
    basis = Array.from({ length: n + 1 }, (_, k) => {
      const [kept, risen] = [basis[k], basis[k - 1]];
      if (!risen) return f.let(f.f64.mul(rest, kept as Local<'f64'>));
      if (!kept) return f.let(f.f64.mul(theta, risen));
      return f.let(f.f64.add(f.f64.mul(rest, kept), f.f64.mul(theta, risen)));
    });
  }
  return basis;
}

/** Weights times h, in every lane, each with its stage. */
export function scaled(
  code: StateCode,
  h: Local<'f64'>,
  weights: readonly StageWeight[],
): { readonly stage: number; readonly coefficient: Local<'v128'> }[] {
  return weights.map(({ stage, weight }) => ({ stage, coefficient: code.splat(code.f.f64.mul(h, weight)) }));
}

/** Exports `interpolate(t0, t1, from, to, t, out)`, which writes the dense output of the step that lies in memory. */
export function emitInterpolate(context: StepContext): FunctionRef<readonly []> {
  const { module, layout } = context;
  return module.function(
    'interpolate',
    { t0: 'f64', t1: 'f64', from: 'i32', to: 'i32', t: 'f64', out: 'i32' },
    [],
    (f, { t0, t1, from, to, t, out }) => {
      const code = new StateCode(f, layout);
      const h = f.let(f.f64.sub(t1, t0));
      const theta = thetaOf(f, t0, h, t);
      const places = slopePlaces(context, { from, to });
      const terms: Term[] = scaled(code, h, denseWeights(f, context, theta)).map(({ stage, coefficient }) => ({
        coefficient,
        state: places(stage),
      }));
      code.combine({ base: out, offset: 0 }, { base: from, offset: 0 }, terms);
    },
    { export: true, literals: 'inline' },
  );
}

/** Where in the step a time lies, from 0 to 1. */
export function thetaOf(f: FunctionBuilder, t0: Local<'f64'>, h: Local<'f64'>, t: Operand<'f64'>): Local<'f64'> {
  return f.let(f.f64.div(f.f64.sub(t, t0), h));
}
