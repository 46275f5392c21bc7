import type { FunctionBuilder, FunctionRef, Local, Operand, Value } from '@neural-ode/assembler';
import { resolution, slack } from '@neural-ode/core';
import { evaluateFirst, type KeepingStep, measureError, type StepContext, type StepFunctions } from './emit-step.ts';
import { type Place, StateCode } from './lanes.ts';
import { type LoopField, loopAddress } from './loop-fields.ts';

/** Why `advance` came back. */
export const reachedEnd = 0;
/** There is no room for another accepted step. */
export const isFull = 1;
/** The next trial is one that core's loop has to judge. */
export const outOfOrdinary = 2;

/** The functions that the loop calls. */
export interface LoopFunctions extends StepFunctions {
  readonly interpolate: FunctionRef<readonly []>;
  readonly power: FunctionRef<readonly ['f64']>;
}

/**
 * Exports `advance()`, core's integrate loop under its PID rule or with known steps: from the fields of the layout's loop,
 * which it leaves as they are after the last trial taken. Slots follow one another from `from` on with `keep`, else there
 * are two; each is a state followed by its slope.
 *
 * @param keeping for `advanceKeeping()`: takes the steps in the place of `step`, while there is room for their blocks
 */
export function emitAdvance(
  context: StepContext,
  { step, extraStages, interpolate, power }: LoopFunctions,
  keeping?: KeepingStep,
): FunctionRef<readonly ['i32']> {
  const { module, plan, layout, whole } = context;
  const slot = 2 * layout.stride;
  return module.function(
    keeping ? 'advanceKeeping' : 'advance',
    {},
    ['i32'],
    (f) => {
      const code = new StateCode(f, layout);
      const at = (field: LoopField) => loopAddress(layout, field);
      const double = (field: LoopField) => f.let(f.f64.load(0, at(field)));
      const integer = (field: LoopField) => f.let(f.i32.load(0, at(field)));
      const increment = (local: Local<'i32'>, by: Operand<'i32'> = 1) => f.set(local, f.i32.add(local, by));

      const [t, size, direction] = [double('t'), double('size'), double('direction')];
      const memory = [double('memory0'), double('memory1'), double('memory2')] as const;
      const [from, to, adaptive] = [integer('from'), f.local('i32'), integer('adaptive')];
      const [nextStop, nextOutput, hasSlope] = [integer('nextStop'), integer('nextOutput'), integer('hasSlope')];
      const [accepted, rejected] = [f.let(f.i32.const(0)), f.let(f.i32.const(0))];
      const [firsts, extras] = [f.let(f.i32.const(0)), f.let(f.i32.const(0))];
      const [block, kept] = [integer('block'), f.let(f.i32.const(0))];
      const reason = f.let(f.i32.const(reachedEnd));
      const [t1, norm, factor, proposed] = [f.local('f64'), f.local('f64'), f.local('f64'), f.local('f64')];
      const [toStop, good, dense] = [f.local('i32'), f.local('i32'), f.local('i32')];
      f.set(to, f.i32.load(0, at('to')));

      f.block((done) => {
        const leave = (why: number) => {
          f.set(reason, why);
          f.br(done);
        };
        f.loop((again) => {
          f.brIf(done, f.i32.geU(nextStop, f.i32.load(0, at('stopCount'))));
          f.set(t1, f.f64.load(f.i32.add(f.i32.load(0, at('stops')), f.i32.shl(nextStop, 3))));
          f.set(toStop, 1);
          f.if(adaptive, () => {
            f.scope(() => {
              const limited = f.let(f.f64.min(size, f.f64.load(0, at('maxStep'))));
              const distance = f.let(f.f64.abs(f.f64.sub(t1, t)));
              f.if(f.f64.gt(distance, f.f64.mul(limited, 1 + slack)), () => {
                f.set(t1, f.f64.add(t, f.f64.mul(direction, limited)));
                f.set(toStop, 0);
                const least = f.let(f.f64.mul(f.f64.abs(t), resolution));
                const tooSmall = f.i32.or(f.f64.lt(limited, f.f64.load(0, at('minStep'))), f.f64.le(limited, least));
                f.if(tooSmall, () => leave(outOfOrdinary));
              });
            });
          });
          f.if(f.i32.geU(f.i32.add(accepted, rejected), f.i32.load(0, at('trials'))), () => leave(outOfOrdinary));
          f.if(f.i32.geU(accepted, f.i32.load(0, at('capacity'))), () => leave(isFull));

          const flags = f.let(f.i32.mul(adaptive, measureError));
          f.set(flags, f.i32.or(flags, f.i32.mul(f.i32.eqz(hasSlope), evaluateFirst)));
          if (keeping) {
            f.set(kept, f.i32.ltU(block, f.i32.load(0, at('blocksEnd'))));
            f.if(
              kept,
              () => f.set(norm, f.call(keeping.step, t, t1, from, to, flags, block)),
              () => f.set(norm, f.call(step, t, t1, from, to, flags)),
            );
          } else {
            f.set(norm, f.call(step, t, t1, from, to, flags));
          }
          f.if(f.i32.eqz(adaptive), () => {
            f.set(norm, sumOfZeros(code, { base: to, offset: 0 }));
            if (whole) f.set(norm, f.call(whole.sum, norm));
          });
          f.if(f.f64.ne(f.f64.sub(norm, norm), 0), () => leave(outOfOrdinary));
          increment(firsts, f.i32.eqz(hasSlope));
          f.set(hasSlope, 1);
          f.set(good, 1);
          f.if(adaptive, () => {
            f.set(good, f.f64.le(norm, 1));
            decide(f, at, power, { norm, memory, good, factor });
            f.set(proposed, f.f64.mul(f.f64.abs(f.f64.sub(t1, t)), factor));
            // A step that was cut off at a stop says nothing against the size from before.
            const resumes = f.i32.and(f.i32.and(good, toStop), f.f64.gt(size, proposed));
            f.set(size, f.select('f64', size, proposed, resumes));
          });

          f.if(
            good,
            () => {
              f.set(dense, 0);
              outputs();
              increment(accepted);
              if (keeping) increment(block, f.i32.mul(kept, keeping.blockBytes));
              f.f64.store(f.i32.add(f.i32.load(0, at('times')), f.i32.shl(accepted, 3)), t1);
              increment(
                nextStop,
                f.f64.eq(t1, f.f64.load(f.i32.add(f.i32.load(0, at('stops')), f.i32.shl(nextStop, 3)))),
              );
              f.set(t, t1);
              if (!plan.firstSameAsLast) f.set(hasSlope, plan.endStage < 0 ? 0 : dense);
              const other = f.let(f.get(from));
              f.set(from, f.get(to));
              f.set(to, f.select('i32', f.i32.add(to, slot), other, f.i32.load(0, at('keep'))));
            },
            () => increment(rejected),
          );
          f.br(again);
        });
      });

      const stored = { t, size, memory0: memory[0], memory1: memory[1], memory2: memory[2] };
      for (const [field, local] of Object.entries(stored)) f.f64.store(0, local, at(field as LoopField));
      const counted = { from, to, nextStop, nextOutput, hasSlope, accepted, rejected, firsts, extras, block };
      for (const [field, local] of Object.entries(counted)) f.i32.store(0, local, at(field as LoopField));
      return reason;

      /** The outputs that the accepted step reaches. */
      function outputs(): void {
        f.block((done) => {
          f.loop((next) => {
            f.brIf(done, f.i32.geU(nextOutput, f.i32.load(0, at('outputCount'))));
            f.scope(() => {
              const time = f.let(f.f64.load(f.i32.add(f.i32.load(0, at('outputs')), f.i32.shl(nextOutput, 3))));
              f.brIf(done, f.f64.gt(f.f64.mul(f.f64.sub(time, t1), direction), 0));
              const states = f.i32.load(0, at('outputStates'));
              const out = f.let(f.i32.add(states, f.i32.mul(nextOutput, layout.stride)));
              f.if(
                f.f64.eq(time, t1),
                () => code.combine({ base: out, offset: 0 }, { base: to, offset: 0 }, []),
                () => {
                  if (plan.allStages > plan.stages) {
                    f.if(f.i32.eqz(dense), () => {
                      f.call(extraStages, t, t1, from, to, 0);
                      increment(extras);
                    });
                  }
                  f.set(dense, 1);
                  f.call(interpolate, t, t1, from, to, time, out);
                },
              );
            });
            increment(nextOutput);
            f.br(next);
          });
        });
      }
    },
    { export: true, literals: 'inline' },
  );
}

/** The factor and the memory of core's `pidController`, operation by operation. */
function decide(
  f: FunctionBuilder,
  at: (field: LoopField) => number,
  power: FunctionRef<readonly ['f64']>,
  state: {
    readonly norm: Local<'f64'>;
    readonly memory: readonly [Local<'f64'>, Local<'f64'>, Local<'f64'>];
    readonly good: Local<'i32'>;
    readonly factor: Local<'f64'>;
  },
): void {
  const { norm, memory, good, factor } = state;
  const raised = (base: Local<'f64'>, exponent: LoopField) => f.call(power, f.get(base), f.f64.load(0, at(exponent)));
  f.if(
    good,
    () => {
      f.set(factor, f.f64.mul(f.f64.load(0, at('safety')), raised(norm, 'exponent0')));
      for (const [n, exponent] of (['exponent1', 'exponent2'] as const).entries()) {
        f.if(f.f64.ne(f.f64.load(0, at(exponent)), 0), () => {
          f.set(factor, f.f64.mul(factor, raised(memory[n] as Local<'f64'>, exponent)));
        });
      }
    },
    () => f.set(factor, f.f64.mul(f.f64.load(0, at('safety')), raised(norm, 'shrink'))),
  );
  f.scope(() => {
    const free = f.i32.and(good, f.f64.ne(memory[2], 1));
    const upper = f.let(f.i32.or(free, 0));
    const limit = f.let(f.select('f64', f.f64.load(0, at('maxFactor')), 1, upper));
    const least = f.let(f.f64.load(0, at('minFactor')));
    const held = f.let(f.f64.min(limit, f.f64.max(least, factor)));
    f.set(factor, f.select('f64', held, least, f.f64.eq(factor, factor)));
  });
  f.if(good, () => {
    f.set(memory[1], f.get(memory[0]));
    f.set(memory[0], f.f64.max(norm, f.f64.load(0, at('leastError'))));
  });
  f.set(memory[2], f.f64.convertI32U(f.i32.eqz(good)));
}

/** Zero, or NaN when a component is not finite. */
export function sumOfZeros(code: StateCode, place: Place): Value<'f64'> {
  const { f, lanes } = code;
  const sum = f.let(f.f64x2.const(0));
  const zero = f.let(f.f64x2.const(0));
  code.each(2, (load) => {
    code.addProducts(sum, f.let(lanes.mul(load(place), zero)), zero);
  });
  return code.total(sum);
}
