import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder, Operand, Value } from '@neural-ode/assembler';
import type { StraightStep } from '../emit/straight-step.ts';
import { type Place, StateCode } from './lanes.ts';
import type { Layout } from './layout.ts';
import type { StepPlan } from './plan.ts';
import type { StageBlocks } from './stage-blocks.ts';
import type { StageCalls } from './stage-calls.ts';

/** What the emitters of a step's functions share. */
export interface StepContext {
  readonly module: ModuleBuilder;
  readonly field: {
    /** (t, y, slope) */
    readonly slope: FunctionRef<readonly []>;
  };
  readonly plan: StepPlan;
  readonly layout: Layout;
  /** Where a state is a part of a whole one, whose other parts other threads have. */
  readonly whole?: Whole | undefined;
}

/** A state in parts: how many components the whole has, and the function that adds up the parts' sums. */
export interface Whole {
  readonly wholeSize: number;
  readonly sum: FunctionRef<readonly ['f64']>;
}

/** A step computes its first slope, instead of finding it with the state that it starts from. */
export const evaluateFirst = 1;
/** A step measures its error. */
export const measureError = 2;

/** t at stage i. */
export function stageTime(
  f: FunctionBuilder,
  { c }: StepPlan,
  i: number,
  { t0, t1, h }: { readonly [K in 't0' | 't1' | 'h']: Local<'f64'> },
): Operand<'f64'> {
  const share = c[i] as number;
  if (share === 0) return t0;
  return share === 1 ? t1 : f.f64.add(t0, f.f64.mul(h, share));
}

/** The functions of a step in the module. */
export interface StepFunctions {
  readonly step: FunctionRef<readonly ['f64']>;
  readonly extraStages: FunctionRef<readonly []>;
}

type Ends = { readonly from: Local<'i32'>; readonly to: Local<'i32'> };

/** Where the stages' slopes lie: the first with the step's start, that at the step's end with the end. */
export function slopePlaces({ plan, layout }: StepContext, { from, to }: Ends): (i: number) => Place {
  const { stride, slopes } = layout;
  return (i) => {
    if (i === 0) return { base: from, offset: stride };
    if (i === plan.endStage) return { base: to, offset: stride };
    return { offset: slopes + i * stride };
  };
}

/**
 * Exports `step(t0, t1, from, to, flags)`, which leads from one end to the other and gives the scaled error norm, and
 * `extraStages` with the same arguments, for dense output.
 *
 * @param straight how to write a whole step of a small field
 */
export function emitStep(context: StepContext, straight: StraightStep | undefined): StepFunctions {
  const { module, field, plan, layout } = context;
  const evaluation = (f: FunctionBuilder): Evaluation => ({
    input: () => ({ offset: layout.input }),
    slope: (_, t, y, place) => f.call(field.slope, t, y, new StateCode(f, layout).address(place)),
  });

  const step = module.function(
    'step',
    stepTypes,
    ['f64'],
    (f, { flags, ...ends }) => {
      const at = { ...ends, h: f.let(f.f64.sub(ends.t1, ends.t0)) };
      const { t0, from } = at;
      f.if(f.i32.and(flags, evaluateFirst), () => f.call(field.slope, t0, from, f.i32.add(from, layout.stride)));
      if (straight) return straightNorm(f, context, straight, { ...at, flags });
      return stagesAndNorm(f, context, { ...at, flags }, evaluation(f));
    },
    { export: true, literals: 'inline' },
  );

  const extraStages = module.function(
    'extraStages',
    stepTypes,
    [],
    (f, ends) => {
      const at = { ...ends, h: f.let(f.f64.sub(ends.t1, ends.t0)) };
      const code = new StateCode(f, layout);
      for (let i = plan.stages; i < plan.allStages; i++) emitStage(code, context, i, at, evaluation(f));
    },
    { export: true, literals: 'inline' },
  );
  return { step, extraStages };
}

/** A step that keeps its stages in a block of so many bytes, whose address is its last argument. */
export interface KeepingStep {
  readonly step: FunctionRef<readonly ['f64']>;
  readonly blockBytes: number;
}

/**
 * Adds `step` with a last argument, the address of a block in which the stages are kept; see `stageBlocks`. The first
 * stage's tape is kept only where it is not the last one of the step before.
 */
export function emitKeepingStep(
  context: StepContext & { readonly calls: StageCalls },
  { bytes, tapes }: StageBlocks,
): KeepingStep {
  const { module, field, plan, layout } = context;
  const step = module.function(
    'keepingStep',
    { ...stepTypes, block: 'i32' },
    ['f64'],
    (f, { flags, block, ...ends }) => {
      const at = { ...ends, h: f.let(f.f64.sub(ends.t1, ends.t0)) };
      const { t0, from } = at;
      const calls = context.calls.at(f.let(f.i32.add(block, tapes)));
      const code = new StateCode(f, layout);
      code.combine({ base: block, offset: 0 }, { base: from, offset: 0 }, []);
      if (!plan.firstSameAsLast) calls.visit(f, 0, t0, from);
      f.if(f.i32.and(flags, evaluateFirst), () => {
        const slope = f.i32.add(from, layout.stride);
        if (plan.firstSameAsLast) f.call(field.slope, t0, from, slope);
        else calls.slope(f, 0, t0, from, slope);
      });
      return stagesAndNorm(
        f,
        context,
        { ...at, flags },
        {
          input: (i) => ({ base: block, offset: i * layout.stride }),
          slope(i, t, y, place) {
            calls.visit(f, i, t, y);
            calls.slope(f, i, t, y, code.address(place));
          },
        },
      );
    },
    { literals: 'inline' },
  );
  return { step, blockBytes: bytes };
}

const stepTypes = { t0: 'f64', t1: 'f64', from: 'i32', to: 'i32', flags: 'i32' } as const;

type At = Ends & { readonly [K in 't0' | 't1' | 'h']: Local<'f64'> };

/** Where the input of a stage is put, and how its slope is computed. */
interface Evaluation {
  input(stage: number): Place;
  slope(stage: number, t: Local<'f64'>, y: Local<'i32'>, place: Place): void;
}

/** A step's stages but the first, its new state and its error norm. */
function stagesAndNorm(
  f: FunctionBuilder,
  context: StepContext,
  at: At & { readonly flags: Local<'i32'> },
  evaluation: Evaluation,
): Local<'f64'> {
  const { plan, layout } = context;
  const { from, to, h, flags } = at;
  const code = new StateCode(f, layout);
  const slopes = slopePlaces(context, at);
  for (let i = 1; i < plan.stages; i++) emitStage(code, context, i, at, evaluation);
  if (!plan.firstSameAsLast) {
    f.scope(() => {
      code.combine({ base: to, offset: 0 }, { base: from, offset: 0 }, code.terms(h, plan.tableau.b, slopes));
    });
  }
  const norm = f.local('f64');
  f.set(norm, 0);
  if (plan.errorRows.length > 0 && layout.size > 0) {
    f.if(f.i32.and(flags, measureError), () => {
      f.set(norm, errorNorm(code, context, at, slopes));
    });
  }
  return norm;
}

function emitStage(code: StateCode, context: StepContext, i: number, at: At, { input, slope }: Evaluation): void {
  const { plan } = context;
  const { f } = code;
  const slopes = slopePlaces(context, at);
  const isEnd = plan.firstSameAsLast && i === plan.endStage;
  const place: Place = isEnd ? { base: at.to, offset: 0 } : input(i);
  f.scope(() => {
    code.combine(place, { base: at.from, offset: 0 }, code.terms(at.h, plan.a[i] as readonly number[], slopes));
    const [t, y] = [f.local('f64'), f.local('i32')];
    f.set(t, stageTime(f, plan, i, at));
    f.set(y, code.address(place));
    slope(i, t, y, slopes(i));
  });
}

/** All of a step but its first slope, as straight code; its error norm where that is wanted. */
function straightNorm(
  f: FunctionBuilder,
  context: StepContext,
  straight: StraightStep,
  { flags, ...at }: At & { readonly flags: Local<'i32'> },
): Operand<'f64'> {
  const { plan, layout } = context;
  const base = ({ base: pointer, offset }: Place) => ({ ...(pointer && { pointer }), address: offset });
  const places = Array.from({ length: plan.stages }, (_, i) => base(slopePlaces(context, at)(i)));
  const sums = straight(f, {
    h: at.h,
    a: plan.a.slice(0, plan.stages),
    b: plan.firstSameAsLast ? undefined : plan.tableau.b,
    errorRows: plan.errorRows,
    time: (i) => stageTime(f, plan, i, at),
    y0: base({ base: at.from, offset: 0 }),
    y1: base({ base: at.to, offset: 0 }),
    slope: (i) => places[i] as (typeof places)[number],
    parameters: { address: layout.parameters },
    rtol: { address: layout.rtol },
    atol: { address: layout.atol },
  });
  if (sums.length === 0 || layout.size === 0) return 0;
  // Only where it is wanted, since with a part of a whole state every sum waits for the other parts.
  return f.choose(
    'f64',
    f.i32.and(flags, measureError),
    () =>
      blendedNorm(
        f,
        sums.map((sum) => f.let(f.f64.sqrt(mean(f, context, sum)))),
      ),
    () => 0,
  );
}

/** Root mean square of error / (atol + rtol max(|y0|, |y1|)); two estimates are blended. */
function errorNorm(
  code: StateCode,
  context: StepContext,
  { from, to, h }: Ends & { readonly h: Local<'f64'> },
  slopes: (i: number) => Place,
): Local<'f64'> {
  const { f, lanes } = code;
  const { plan, layout } = context;
  const rows = plan.errorRows.map((row) => ({ terms: code.terms(h, row, slopes), sum: f.local('v128') }));
  for (const { sum } of rows) f.set(sum, f.f64x2.const(0));
  const weight = rows.reduce((total, { terms }) => total + terms.length, 8);
  code.each(weight, (load) => {
    // `pmax` keeps a NaN of its first operand.
    const larger = lanes.pmax(lanes.abs(load({ base: to, offset: 0 })), lanes.abs(load({ base: from, offset: 0 })));
    const scale = f.let(larger);
    f.set(scale, lanes.fma(load({ offset: layout.rtol }), scale, load({ offset: layout.atol })));
    const overflow = f.let(lanes.sub(scale, scale));
    for (const { terms, sum } of rows) {
      const error = code.sum(load, undefined, terms);
      // A component without error counts as zero, even where its scale is zero.
      const ratio = f.let(f.v128.and(lanes.div(error, scale), lanes.ne(error, 0)));
      // An infinite scale, of a state that overflowed, makes it NaN.
      f.set(ratio, lanes.add(ratio, overflow));
      code.addProducts(sum, ratio, ratio);
    }
  });
  const norms = rows.map(({ sum }) => f.let(f.f64.sqrt(mean(f, context, f.let(code.total(sum))))));
  return f.let(blendedNorm(f, norms));
}

/** A sum over the components, divided by how many there are. */
function mean(f: FunctionBuilder, { whole, layout }: StepContext, sum: Local<'f64'>): Value<'f64'> {
  return whole ? f.f64.div(f.call(whole.sum, sum), whole.wholeSize) : f.f64.div(sum, layout.size);
}

function blendedNorm(f: FunctionBuilder, norms: readonly Local<'f64'>[]): Value<'f64'> {
  const [n, m] = norms as [Local<'f64'>, Local<'f64'> | undefined];
  return m ? blended(f, n, m) : f.get(n);
}

/** The estimate of two error norms, n^2 / sqrt(n^2 + 0.01 m^2) (Hairer, Norsett & Wanner 1993, II.10, equation 10.17). */
function blended(f: FunctionBuilder, n: Local<'f64'>, m: Local<'f64'>): Value<'f64'> {
  return f.choose(
    'f64',
    f.f64.eq(n, 0),
    () => 0,
    () => {
      const square = f.let(f.f64.mul(n, n));
      return f.f64.div(square, f.f64.sqrt(f.f64.add(square, f.f64.mul(f.f64.mul(m, m), 0.01))));
    },
  );
}
