import type { FunctionRef, Local } from '@neural-ode/assembler';
import { firstOutput, recomputed, type VjpContext } from './emit-vjp.ts';
import { type Place, StateCode } from './lanes.ts';
import { type LoopField, loopAddress } from './loop-fields.ts';
import { walkSizes } from './plan.ts';
import { stageBlocks } from './stage-blocks.ts';

/** The functions that walking steps backwards calls. */
export interface WalkFunctions {
  readonly restage: FunctionRef<readonly []>;
  /** Go through a step's stages, without and with outputs inside it. */
  readonly walk0: FunctionRef<readonly []>;
  readonly walk1?: FunctionRef<readonly []>;
  readonly output?: FunctionRef<readonly ['f64']>;
}

/**
 * Exports `pullback()`: walks accepted steps from the last to the first, as core's `pullbackSteps` does, from the fields of
 * the layout's loop. Stages of the first `blockCount` steps lie in `blocks`; those of the others are computed again. Cotangents
 * of outputs lie one after the other; that of y0 is left in `y1Bar`. Outputs may lie inside
 * steps in `pullbackThrough()`, which is exported instead where the functions for them are given.
 */
export function emitPullback(context: VjpContext, { restage, walk0, walk1, output: through }: WalkFunctions): void {
  const { module, calls, plan, layout } = context;
  const { inputBar } = recomputed(context);
  const y1Bar: Place = { offset: layout.y1Bar };
  module.function(
    through ? 'pullbackThrough' : 'pullback',
    {},
    [],
    (f) => {
      const code = new StateCode(f, layout);
      const at = (name: LoopField) => loopAddress(layout, name);
      const one = code.splat(1);
      const [start, end, time, direction] = [f.local('f64'), f.local('f64'), f.local('f64'), f.local('f64')];
      const [n, output, state, bar] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
      const [any, inside] = [f.let(f.i32.const(0)), f.local('i32')];
      // Where the stages of the step lie, and whether those of the next one have been computed again in the layout's place.
      const [inputs, tapes, again] = [f.local('i32'), f.local('i32'), f.let(f.i32.const(0))];
      const restaged = f.let(f.i32.const(0));
      const { input } = recomputed(context, inputs);
      const walked = [f.let(f.i32.const(0)), f.let(f.i32.const(0))] as const;
      const timeAt = (field: LoopField, index: Local<'i32'>, offset = 0) =>
        f.f64.load(f.i32.add(f.i32.load(0, at(field)), f.i32.shl(index, 3)), offset);
      f.set(direction, f.f64.load(0, at('direction')));
      f.set(n, f.i32.load(0, at('steps')));
      f.set(output, f.i32.sub(f.i32.load(0, at('outputCount')), 1));

      f.block((done) => {
        f.loop((again) => {
          f.brIf(done, f.i32.eqz(n));
          f.set(n, f.i32.sub(n, 1));
          f.set(start, timeAt('times', n));
          f.set(end, timeAt('times', n, 8));
          f.set(inside, 0);
          outputs();
          f.brIf(again, f.i32.eqz(f.i32.or(any, inside)));
          f.set(any, 1);

          f.set(state, f.i32.add(f.i32.load(0, at('states')), f.i32.mul(n, layout.stride)));
          if (walk1) {
            f.if(
              inside,
              () => step(1, walk1),
              () => step(0, walk0),
            );
          } else {
            step(0, walk0);
          }
          f.br(again);
        });
      });
      if (plan.firstSameAsLast) {
        f.if(any, () => {
          f.scope(() => {
            const [y0, first] = [code.address(input(0)), code.address(inputBar(0))];
            f.if(f.i32.eqz(again), () => calls.visit(f, 0, start, y0));
            f.drop(calls.vjp(f, 0, start, y0, layout.carryBar, first, layout.parametersBar));
            code.combine(y1Bar, y1Bar, [{ coefficient: one, state: inputBar(0) }]);
          });
        });
      }
      for (const kind of [0, 1] as const) f.i32.store(0, walked[kind], at(`walked${kind}`));
      f.i32.store(0, restaged, at('restaged'));

      /** Cotangents of the outputs in this step: those at its end add to y1's. */
      function outputs(): void {
        f.block((done) => {
          f.loop((next) => {
            f.brIf(done, f.i32.leS(output, 0));
            f.set(time, timeAt('outputs', output));
            f.brIf(done, f.f64.le(f.f64.mul(f.f64.sub(time, start), direction), 0));
            f.set(bar, f.i32.add(f.i32.load(0, at('outputStates')), f.i32.mul(output, layout.stride)));
            f.if(f.i32.load(f.i32.add(f.i32.load(0, at('present')), f.i32.shl(output, 2))), () => {
              f.if(
                f.f64.eq(time, end),
                () => {
                  code.combine(y1Bar, y1Bar, [{ coefficient: one, state: { base: bar, offset: 0 } }]);
                  f.set(any, 1);
                },
                through &&
                  (() => {
                    const flags = f.let(f.i32.mul(f.i32.eqz(inside), firstOutput));
                    f.drop(f.call(through, start, end, time, flags, bar));
                    f.set(inside, 1);
                  }),
              );
            });
            f.set(output, f.i32.sub(output, 1));
            f.br(next);
          });
        });
      }

      function step(kind: 0 | 1, walk: FunctionRef<readonly []>): void {
        const sizes = walkSizes(plan, kind);
        const { endStage } = plan;
        const place = () => {
          code.combine(input(0), { base: state, offset: 0 }, []);
          // The end's state is the last stage's input, and was stored.
          if (sizes.fromNext) code.combine(input(endStage), { base: state, offset: layout.stride }, []);
        };
        const compute = () => {
          f.set(inputs, layout.inputs);
          f.set(tapes, calls.start);
          place();
          if (sizes.fromNext) {
            f.if(
              again,
              () => calls.visitedAs(f, endStage, 0),
              () => f.scope(() => calls.visit(f, endStage, end, f.let(f.i32.add(inputs, endStage * layout.stride)))),
            );
          }
          f.call(restage, start, end, sizes.inputs, sizes.slopes);
          f.set(restaged, f.i32.add(restaged, sizes.slopes));
          f.set(again, 1);
        };
        // The forward solve keeps a step's own stages.
        const keeps = kind === 0 || plan.allStages === plan.stages ? stageBlocks(plan, layout, calls) : undefined;
        if (keeps) {
          f.if(
            f.i32.ltU(n, f.i32.load(0, at('blockCount'))),
            () => {
              f.set(inputs, f.i32.add(f.i32.load(0, at('blocks')), f.i32.mul(n, keeps.bytes)));
              f.set(tapes, f.i32.add(inputs, keeps.tapes));
              place();
              f.set(again, 0);
            },
            compute,
          );
        } else {
          compute();
        }
        f.call(walk, start, end, inputs, tapes);
        if (!plan.firstSameAsLast) code.combine(y1Bar, { offset: layout.y0Bar }, []);
        f.set(walked[kind], f.i32.add(walked[kind], 1));
      }
    },
    { export: true, literals: 'inline' },
  );
}
