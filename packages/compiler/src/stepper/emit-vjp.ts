import type { FunctionBuilder, FunctionRef, Local } from '@neural-ode/assembler';
import { denseSlopes, denseWeights, scaled, thetaOf } from './emit-dense.ts';
import { type StepContext, stageTime } from './emit-step.ts';
import { type Place, StateCode, type Term } from './lanes.ts';
import { withError, withOutputs } from './plan.ts';
import type { StageCalls } from './stage-calls.ts';

/** What the emitters of vector-Jacobian products share. */
export interface VjpContext extends StepContext {
  /** The field where its slopes are differentiated. */
  readonly calls: StageCalls;
}

type StageStates = 'input' | 'slope' | 'inputBar' | 'slopeBar' | 'errorBar';

/**
 * Where the recomputed slopes and inputs lie, and the inputs' cotangents.
 *
 * @param inputs where the inputs lie instead
 */
export function recomputed({ layout }: StepContext, inputs?: Local<'i32'>): Record<StageStates, (i: number) => Place> {
  const { stride } = layout;
  const place =
    (start: number) =>
    (i: number): Place => ({ offset: start + i * stride });
  return {
    input: inputs ? (i) => ({ base: inputs, offset: i * stride }) : place(layout.inputs),
    slope: place(layout.stageSlopes),
    inputBar: place(layout.inputBars),
    slopeBar: place(layout.slopeBars),
    errorBar: place(layout.errorBars),
  };
}

/**
 * Exports `restage(t0, t1, inputs, slopes)`: recomputes so many of a step's inputs and slopes from `inputs[0]`, and visits
 * the stages of these inputs.
 */
export function emitRestage(context: VjpContext): FunctionRef<readonly []> {
  const { module, calls, plan, layout } = context;
  const { input, slope } = recomputed(context);
  return module.function(
    'restage',
    { t0: 'f64', t1: 'f64', inputs: 'i32', slopes: 'i32' },
    [],
    (f, { t0, t1, inputs, slopes }) => {
      const code = new StateCode(f, layout);
      const h = f.let(f.f64.sub(t1, t0));
      f.block((done) => {
        for (let i = 0; i < plan.allStages; i++) {
          f.scope(() => {
            if (i > 0) {
              f.brIf(done, f.i32.leU(inputs, i));
              code.combine(input(i), input(0), code.terms(h, plan.a[i] as readonly number[], slope));
            }
            const y = code.address(input(i));
            const time = f.local('f64');
            f.set(time, stageTime(f, plan, i, { t0, t1, h }));
            calls.visit(f, i, time, y);
            f.brIf(done, f.i32.leU(slopes, i));
            calls.slope(f, i, time, y, code.address(slope(i)));
          });
        }
      });
    },
    { export: true, literals: 'inline' },
  );
}

/** Flags of `output`: it is the step's first one, and the cotangent of its time is wanted. */
export const firstOutput = 1;
export const wantOutputTime = 2;

/** Exports `output(t0, t1, t, flags, bar)`: takes the cotangent of an output, and gives that of its time. */
export function emitOutput(context: StepContext): FunctionRef<readonly ['f64']> {
  const { module, layout } = context;
  const { slope, slopeBar } = recomputed(context);
  return module.function(
    'output',
    { t0: 'f64', t1: 'f64', t: 'f64', flags: 'i32', bar: 'i32' },
    ['f64'],
    (f, { t0, t1, t, flags, bar: pointer }) => {
      const cotangent: Place = { base: pointer, offset: 0 };
      const code = new StateCode(f, layout);
      const { lanes } = code;
      const h = f.let(f.f64.sub(t1, t0));
      const theta = thetaOf(f, t0, h, t);
      // Cotangents of y0 and of the slopes lie one after the other.
      f.if(f.i32.and(flags, firstOutput), () => {
        f.memoryFill(layout.y0BarOfOutputs, 0, (1 + context.plan.allStages) * layout.stride);
      });
      f.scope(() => {
        const weights = scaled(code, h, denseWeights(f, context, theta));
        code.each(3 * weights.length, (load, store) => {
          const bar = f.let(load(cotangent));
          const start: Place = { offset: layout.y0BarOfOutputs };
          store(start, f.let(lanes.add(load(start), bar)));
          for (const { stage, coefficient } of weights) {
            const at = slopeBar(stage);
            store(at, f.let(lanes.fma(coefficient, bar, f.let(load(at)))));
          }
        });
      });
      const along = f.local('f64');
      f.set(along, 0);
      f.if(f.i32.and(flags, wantOutputTime), () => {
        f.scope(() => {
          const terms = scaled(code, h, denseSlopes(f, context, theta)).map(({ stage, coefficient }) => ({
            coefficient,
            state: slope(stage),
          }));
          const product = dot(code, terms.length + 4, cotangent, (load) => code.sum(load, undefined, terms));
          // The slope carries a factor h, and d(theta) = d(t)/h.
          f.set(along, f.f64.div(product, h));
          addTo(f, layout.timeBars, f.let(f.f64.neg(along)));
          addTo(f, layout.timeBars + 8, f.let(f.f64.neg(f.f64.mul(theta, along))));
        });
      });
      return along;
    },
    { export: true, literals: 'inline' },
  );
}

/**
 * Exports `backward0` to `backward3` `(t0, t1, wantTime)`, numbered by what was taken before (outputs, the error norm): they
 * go through the stages of a recomputed step.
 */
export function emitBackward(context: VjpContext, kind: number): FunctionRef<readonly []> {
  return context.module.function(
    `backward${kind}`,
    { t0: 'f64', t1: 'f64', wantTime: 'i32' },
    [],
    (f, { wantTime, ...ends }) => stagesBackward(f, context, { kind, wantTime, ...ends }),
    { export: true, literals: 'inline' },
  );
}

/** Exports `walk0` and `walk1` `(t0, t1, inputs, tapes)`, likewise for `pullback`, with the stages' inputs and tapes anywhere. */
export function emitWalk(context: VjpContext, kind: 0 | 1): FunctionRef<readonly []> {
  return context.module.function(
    `walk${kind}`,
    { t0: 'f64', t1: 'f64', inputs: 'i32', tapes: 'i32' },
    [],
    (f, { inputs, tapes, ...ends }) =>
      stagesBackward(
        f,
        { ...context, calls: context.calls.at(tapes) },
        { kind, inputs, chained: context.plan.firstSameAsLast, ...ends },
      ),
    { export: true, literals: 'inline' },
  );
}

/** How the stages of a step are differentiated. */
interface Backward extends Record<'t0' | 't1', Local<'f64'>> {
  readonly kind: number;
  /** Whether the cotangents of t and h are wanted; absent where they are not. */
  readonly wantTime?: Local<'i32'>;
  /** Where the stages' inputs lie; default: in the layout's place. */
  readonly inputs?: Local<'i32'>;
  /**
   * For steps walked one after the other whose last stage is the next step's first: the last stage's kbar gets that of the
   * next step's first stage; the first stage's is left for the step before, and ybar takes the place of L.
   */
  readonly chained?: boolean;
}

/**
 * With L the cotangent of y1: kbar_i = h (b_i L + sum_j a_ji Xbar_j), Xbar_i = kbar_i . df/dX at stage i,
 * ybar = L + sum_i Xbar_i (Zhuang et al. 2020; Matsubara et al. 2021); outputs and the error estimate add to kbar_i.
 */
function stagesBackward(
  f: FunctionBuilder,
  context: VjpContext,
  { kind, wantTime, inputs, chained = false, t0, t1 }: Backward,
): void {
  const { calls, plan, layout } = context;
  const { input, slope, inputBar, slopeBar, errorBar } = recomputed(context, inputs);
  const visited = (chained ? plan.walked : plan.visited)[kind] as readonly number[];
  const y1Bar: Place = { offset: layout.y1Bar };
  const current: Place = { offset: layout.slopeBar };
  const carryBar: Place = { offset: layout.carryBar };

  const code = new StateCode(f, layout);
  const h = f.let(f.f64.sub(t1, t0));
  const one = code.splat(1);
  const done: number[] = [];
  for (const i of chained ? [...visited, 0] : visited) {
    f.scope(() => {
      const fromOutputs =
        kind & withOutputs && plan.tableau.dense.weights[i]?.some((w) => w !== 0) ? slopeBar(i) : undefined;
      const terms: Term[] = [];
      if (chained && i === plan.endStage) terms.push({ coefficient: one, state: carryBar });
      const add = (coefficient: number, state: Place) => {
        if (coefficient !== 0) terms.push({ coefficient: code.splat(f.f64.mul(h, coefficient)), state });
      };
      add(plan.tableau.b[i] ?? 0, y1Bar);
      if (kind & withError) for (const [n, row] of plan.errorRows.entries()) add(row[i] ?? 0, errorBar(n));
      for (const j of done) add(plan.a[j]?.[i] ?? 0, inputBar(j));
      if (chained && i === 0) {
        code.combine(carryBar, fromOutputs, terms);
        return;
      }
      code.combine(current, fromOutputs, terms);
      const alongTime = calls.vjp(
        f,
        i,
        stageTime(f, plan, i, { t0, t1, h }),
        code.address(input(i)),
        code.address(current),
        code.address(inputBar(i)),
        layout.parametersBar,
      );
      if (!wantTime) {
        f.drop(alongTime);
        return;
      }
      const tBar = f.let(alongTime);
      f.if(wantTime, () => {
        f.scope(() => {
          const product = dot(code, 4, current, (load) => f.let(load(slope(i))));
          addTo(f, layout.timeBars, tBar);
          const share = f.let(f.f64.div(product, h));
          f.set(share, f.f64.add(f.f64.mul(tBar, plan.c[i] as number), share));
          addTo(f, layout.timeBars + 8, share);
        });
      });
    });
    if (!(chained && i === 0)) done.push(i);
  }
  const parts: Term[] = done.map((i) => ({ coefficient: one, state: inputBar(i) }));
  if (kind & withOutputs) parts.unshift({ coefficient: one, state: { offset: layout.y0BarOfOutputs } });
  if (kind & withError) parts.unshift({ coefficient: one, state: { offset: layout.y0BarOfError } });
  code.combine(chained ? y1Bar : { offset: layout.y0Bar }, y1Bar, parts);
}

/** The sum of the products of a state and what `other` computes of each of its vectors. */
function dot(
  code: StateCode,
  weight: number,
  state: Place,
  other: (load: (place: Place) => ReturnType<FunctionBuilder['v128']['load']>) => Local<'v128'>,
): Local<'f64'> {
  const { f } = code;
  const sum = f.let(f.f64x2.const(0));
  code.each(weight, (load) => {
    const right = other(load);
    code.addProducts(sum, f.let(load(state)), right);
  });
  return f.let(code.total(sum));
}

function addTo(f: FunctionBuilder, address: number, value: Local<'f64'>): void {
  f.f64.store(0, f.f64.add(f.f64.load(0, address), value), address);
}
