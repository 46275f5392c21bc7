import { type FunctionRef, ModuleBuilder, type ValueType } from '@neural-ode/assembler';
import { emitAdvance } from './emit-advance.ts';
import { emitInterpolate } from './emit-dense.ts';
import { emitErrorHeads } from './emit-error.ts';
import { emitFirstStep } from './emit-first-step.ts';
import { emitPower } from './emit-power.ts';
import { emitPullback } from './emit-pullback.ts';
import { emitSamples } from './emit-samples.ts';
import { emitKeepingStep, emitStep, type Whole } from './emit-step.ts';
import { emitBackward, emitOutput, emitRestage, emitWalk, type VjpContext } from './emit-vjp.ts';
import type { Home } from './home.ts';
import type { Layout } from './layout.ts';
import type { Addresses, Exports, FieldCode } from './module.ts';
import { type StepPlan, withError } from './plan.ts';
import { stageBlocks } from './stage-blocks.ts';
import { StageCalls, tapeRoom } from './stage-calls.ts';

/** What all parts of one machine's code are written from. */
export interface Writing {
  readonly code: FieldCode;
  readonly plan: StepPlan | undefined;
  readonly layout: Layout;
  readonly addresses: Addresses;
  /** See {@link Home}. */
  readonly shared: Home['shared'];
}

/** Functions that are compiled together, as a module of their own. */
export interface Part {
  readonly functions: readonly (keyof Exports)[];
  /** Writes them. @returns bytes of scratch memory they use, tapes included */
  readonly emit: (module: ModuleBuilder, writing: Writing) => number;
}

/**
 * Who takes no gradients need not wait for code that does, nor who walks all steps back in one call for what takes them one
 * by one: each part is compiled when one of its functions is first asked for.
 */
export const parts: readonly Part[] = [
  { functions: ['slope', 'step', 'extraStages', 'interpolate', 'firstStep', 'advance'], emit: forward },
  { functions: ['advanceAll'], emit: samples },
  { functions: ['advanceKeeping'], emit: keeping },
  {
    functions: ['vjp', 'fillTape', 'slopeOfTape', 'vjpOfTape', 'restage', 'walk0', 'pullback'],
    emit: backward,
  },
  { functions: ['output', 'pullbackThrough'], emit: through },
  { functions: ['backward0'], emit: (module, writing) => stepwise(module, writing, [0]) },
  { functions: ['backward1'], emit: (module, writing) => stepwise(module, writing, [1]) },
  { functions: ['errorHeads', 'backward2', 'backward3'], emit: (module, writing) => stepwise(module, writing, [2, 3]) },
];

/** A part's module, which imports the memory, JavaScript's power function, and functions of other parts. */
export function emitPart(part: Part, writing: Writing): { bytes: Uint8Array<ArrayBuffer>; scratchBytes: number } {
  const module = new ModuleBuilder({ relaxedSimd: writing.code.relaxedSimd });
  module.importMemory('env', 'memory', writing.shared ? { min: 1, max: mostSharedPages, shared: true } : { min: 1 });
  const scratchBytes = part.emit(module, writing);
  return { bytes: module.build(), scratchBytes };
}

/** Pages up to which a memory that threads share may grow: 1 GiB, whose addresses are set aside at once. */
export const mostSharedPages = 16_384;

function forward(module: ModuleBuilder, writing: Writing): number {
  const { code, plan, layout, addresses } = writing;
  const { pow, whole } = outside(module, writing);
  const { index, scratchBytes, straightStep } = code.slope(module, addresses);
  const slope = { kind: 'function', index, name: 'slope', ...types.slope } as const;
  module.export('slope', slope);
  if (plan) {
    const context = { module, field: { slope }, plan, layout, whole };
    const step = emitStep(context, straightStep?.(plan.stages));
    const interpolate = emitInterpolate(context);
    const power = emitPower(module, pow);
    emitFirstStep(context, power);
    emitAdvance(context, { ...step, interpolate, power });
  }
  return scratchBytes;
}

/** Functions that are no part's: JavaScript's power, and where a state is in parts the sum over them. */
function outside(
  module: ModuleBuilder,
  { shared }: Writing,
): { readonly pow: FunctionRef<readonly ['f64']>; readonly whole: Whole | undefined } {
  const pow = module.importFunction<readonly ['f64']>('env', 'pow', ['f64', 'f64'], ['f64']);
  const wholeSize = shared?.wholeSize;
  const whole =
    wholeSize === undefined
      ? undefined
      : { wholeSize, sum: module.importFunction<readonly ['f64']>('env', 'sum', ['f64'], ['f64']) };
  return { pow, whole };
}

function samples(module: ModuleBuilder, { plan, layout }: Writing): number {
  const slope = imported(module, 'slope');
  const [advance, firstStep] = [imported(module, 'advance'), imported(module, 'firstStep')];
  if (plan) emitSamples({ module, field: { slope }, plan, layout }, { advance, firstStep });
  return 0;
}

function keeping(module: ModuleBuilder, writing: Writing): number {
  const inParts = importing(module, writing);
  const blocks = inParts && stageBlocks(inParts.plan, inParts.layout, inParts.calls);
  if (!blocks) return 0;
  const { pow, whole } = outside(module, writing);
  const [step, extraStages] = [imported(module, 'step'), imported(module, 'extraStages')];
  const functions = { step, extraStages, interpolate: imported(module, 'interpolate') };
  const context = { ...inParts, whole };
  emitAdvance(context, { ...functions, power: emitPower(module, pow) }, emitKeepingStep(context, blocks));
  return 0;
}

function backward(module: ModuleBuilder, { code, plan, layout, addresses }: Writing): number {
  const slope = imported(module, 'slope');
  // Steps are not taken while they are walked back, so the tapes lie where the forward part has its scratch memory.
  const room = tapeRoom(code, plan);
  const field = code.vjp(module, { ...addresses, scratch: addresses.scratch + room });
  const vjp = { kind: 'function', index: field.index, name: 'vjp', ...types.vjp } as const;
  module.export('vjp', vjp);
  if (plan) {
    const tape = room > 0 ? field.tape : undefined;
    if (tape) {
      module.export('fillTape', tape.fill);
      module.export('slopeOfTape', tape.slope);
      module.export('vjpOfTape', tape.vjp);
    }
    const calls = new StageCalls({ slope, vjp, tape }, addresses.scratch);
    const context = { module, field: { slope }, calls, plan, layout };
    const restage = emitRestage(context);
    emitPullback(context, { restage, walk0: emitWalk(context, 0) });
  }
  return room + field.scratchBytes;
}

function through(module: ModuleBuilder, writing: Writing): number {
  const [restage, walk0] = [imported(module, 'restage'), imported(module, 'walk0')];
  const context = importing(module, writing);
  if (!context) return 0;
  const walk1 = emitWalk(context, 1);
  emitPullback(context, { restage, walk0, walk1, output: emitOutput(context) });
  return 0;
}

function stepwise(module: ModuleBuilder, writing: Writing, kinds: readonly number[]): number {
  const context = importing(module, writing);
  if (!context) return 0;
  for (const kind of kinds) emitBackward(context, kind);
  if (kinds.includes(withError)) emitErrorHeads(context);
  return 0;
}

/** For functions that find the field in the other parts; undefined where there is no method. */
function importing(module: ModuleBuilder, { code, plan, layout, addresses }: Writing): VjpContext | undefined {
  const [slope, vjp] = [imported(module, 'slope'), imported(module, 'vjp')];
  if (!plan) return undefined;
  const tape =
    tapeRoom(code, plan) > 0
      ? {
          bytes: code.tapeBytes,
          fill: imported(module, 'fillTape'),
          slope: imported(module, 'slopeOfTape'),
          vjp: imported(module, 'vjpOfTape'),
        }
      : undefined;
  const calls = new StageCalls({ slope, vjp, tape }, addresses.scratch);
  return { module, field: { slope }, calls, plan, layout };
}

/** Functions that other parts call. */
const types = {
  slope: { params: ['f64', 'i32', 'i32'], results: [] },
  vjp: { params: ['f64', 'i32', 'i32', 'i32', 'i32'], results: ['f64'] },
  fillTape: { params: ['f64', 'i32', 'i32'], results: [] },
  slopeOfTape: { params: ['f64', 'i32', 'i32', 'i32'], results: [] },
  vjpOfTape: { params: ['f64', 'i32', 'i32', 'i32', 'i32', 'i32'], results: ['f64'] },
  restage: { params: ['f64', 'f64', 'i32', 'i32'], results: [] },
  walk0: { params: ['f64', 'f64', 'i32', 'i32'], results: [] },
  step: { params: ['f64', 'f64', 'i32', 'i32', 'i32'], results: ['f64'] },
  extraStages: { params: ['f64', 'f64', 'i32', 'i32', 'i32'], results: [] },
  interpolate: { params: ['f64', 'f64', 'i32', 'i32', 'f64', 'i32'], results: [] },
  advance: { params: [], results: ['i32'] },
  firstStep: { params: ['f64', 'f64', 'i32', 'f64'], results: ['f64'] },
} as const satisfies Partial<Record<keyof Exports, { params: readonly ValueType[]; results: readonly ValueType[] }>>;

function imported<N extends keyof typeof types>(
  module: ModuleBuilder,
  name: N,
): FunctionRef<(typeof types)[N]['results']> {
  const { params, results } = types[name];
  return module.importFunction<(typeof types)[N]['results']>('parts', name, params, results);
}
