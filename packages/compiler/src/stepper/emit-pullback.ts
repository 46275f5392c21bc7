import type { FunctionRef, Local } from '@neural-ode/assembler';
import { firstOutput, recomputed, type VjpContext } from './emit-vjp.ts';
import { type Place, StateCode } from './lanes.ts';
import { type LoopField, loopAddress } from './loop-fields.ts';
import { walkSizes } from './plan.ts';

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
 * the layout's loop. Cotangents of outputs lie one after the other; that of y0 is left in `y1Bar`. Outputs may lie inside
 * steps in `pullbackThrough()`, which is exported instead where the functions for them are given.
 */
export function emitPullback(context: VjpContext, { restage, walk0, walk1, output: through }: WalkFunctions): void {
  const { module, calls, plan, layout } = context;
  const { input, inputBar } = recomputed(context);
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
          code.combine(input(0), { base: state, offset: 0 }, []);
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
            f.drop(calls.vjp(f, 0, start, y0, layout.carryBar, first, layout.parametersBar));
            code.combine(y1Bar, y1Bar, [{ coefficient: one, state: inputBar(0) }]);
          });
        });
      }
      for (const kind of [0, 1] as const) f.i32.store(0, walked[kind], at(`walked${kind}`));

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
        const { inputs, slopes, fromNext } = walkSizes(plan, kind);
        const { endStage } = plan;
        const cameFromNext = f.let(f.i32.or(...walked));
        if (fromNext) f.if(cameFromNext, () => calls.visitedAs(f, endStage, 0));
        f.call(restage, start, end, inputs, slopes);
        if (fromNext) {
          // The end's state is the last stage's input, and was stored.
          const y1 = input(endStage);
          code.combine(y1, { base: state, offset: layout.stride }, []);
          f.if(f.i32.eqz(cameFromNext), () => calls.visit(f, endStage, end, code.address(y1)));
        }
        f.call(walk, start, end, 0);
        if (!plan.firstSameAsLast) code.combine(y1Bar, { offset: layout.y0Bar }, []);
        f.set(walked[kind], f.i32.add(walked[kind], 1));
      }
    },
    { export: true, literals: 'inline' },
  );
}
