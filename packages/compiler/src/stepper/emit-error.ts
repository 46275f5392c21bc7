import type { FunctionBuilder, Local } from '@neural-ode/assembler';
import type { StepContext } from './emit-step.ts';
import { recomputed } from './emit-vjp.ts';
import { type Place, StateCode } from './lanes.ts';

/**
 * Exports `errorHeads(t0, t1, cotangent)`: from the cotangent of the scaled error norm of a recomputed step to those of
 * its error estimates, of y0, and, added to what is there, of y1.
 */
export function emitErrorHeads(context: StepContext): void {
  const { module, plan, layout } = context;
  if (plan.errorRows.length === 0) return;
  const { input, slope, errorBar } = recomputed(context);
  const y0 = input(0);
  const y1 = plan.firstSameAsLast ? input(plan.endStage) : { offset: layout.y1 };
  const bars: Record<'y0' | 'y1', Place> = { y0: { offset: layout.y0BarOfError }, y1: { offset: layout.y1Bar } };

  module.function(
    'errorHeads',
    { t0: 'f64', t1: 'f64', cotangent: 'f64' },
    [],
    (f, { t0, t1, cotangent }) => {
      if (layout.size === 0) return;
      const code = new StateCode(f, layout);
      const h = f.let(f.f64.sub(t1, t0));
      if (!plan.firstSameAsLast) code.combine(y1, y0, code.terms(h, plan.tableau.b, slope));
      const norms = plan.errorRows.map((row, n) => {
        code.combine(errorBar(n), undefined, code.terms(h, row, slope));
        return normOf(code, errorBar(n), y0, y1);
      });
      const shares = norms.length === 1 ? [f.let(f.f64.const(1))] : blendSlopes(f, norms);
      code.eachComponent((_load, store) => store(bars.y0, 0));
      for (const [n, norm] of norms.entries()) {
        const share = f.let(f.f64.mul(cotangent, shares[n] as Local<'f64'>));
        const error = errorBar(n);
        code.eachComponent((load, store) => {
          const e = load(error);
          const silent = f.let(f.i32.or(f.f64.eq(norm, 0), f.f64.eq(e, 0)));
          f.if(
            silent,
            () => store(error, 0),
            () => {
              const { scale, isFirst, larger } = scaleOf(code, load, y0, y1);
              const perScale = f.let(
                f.f64.div(f.f64.mul(share, e), f.f64.mul(f.f64.mul(norm, layout.size), f.f64.mul(scale, scale))),
              );
              store(error, perScale);
              const slopeOfScale = f.let(
                f.f64.mul(f.f64.neg(f.f64.div(f.f64.mul(perScale, e), scale)), load({ offset: layout.rtol })),
              );
              const sign = f.let(f.f64.copysign(f.f64.convertI32S(f.f64.ne(larger, 0)), larger));
              f.set(slopeOfScale, f.f64.mul(slopeOfScale, sign));
              f.if(
                isFirst,
                () => store(bars.y0, f.f64.add(load(bars.y0), slopeOfScale)),
                () => store(bars.y1, f.f64.add(load(bars.y1), slopeOfScale)),
              );
            },
          );
        });
      }
    },
    { export: true, literals: 'inline' },
  );

  function scaleOf(code: StateCode, load: (place: Place) => Local<'f64'>, a: Place, b: Place) {
    const { f } = code;
    const [first, second] = [load(a), load(b)];
    const isFirst = f.let(f.f64.ge(f.f64.abs(first), f.f64.abs(second)));
    const larger = f.let(f.select('f64', first, second, isFirst));
    const share = f.let(f.f64.mul(load({ offset: layout.rtol }), f.let(f.f64.abs(larger))));
    return { isFirst, larger, scale: f.let(f.f64.add(load({ offset: layout.atol }), share)) };
  }

  function normOf(code: StateCode, error: Place, a: Place, b: Place): Local<'f64'> {
    const { f } = code;
    const sum = f.let(f.f64.const(0));
    code.eachComponent((load) => {
      const e = load(error);
      f.if(f.f64.ne(e, 0), () => {
        const ratio = f.let(f.f64.div(e, scaleOf(code, load, a, b).scale));
        f.set(sum, f.f64.add(sum, f.f64.mul(ratio, ratio)));
      });
    });
    return f.let(f.f64.sqrt(f.f64.div(sum, layout.size)));
  }
}

/** The derivatives of the estimate of two error norms; see `emitStep`. */
function blendSlopes(f: FunctionBuilder, [n, m]: readonly Local<'f64'>[]): Local<'f64'>[] {
  const [first, second] = [n as Local<'f64'>, m as Local<'f64'>];
  const shares = [f.let(f.f64.const(0)), f.let(f.f64.const(0))] as const;
  const own = f.let(f.f64.mul(first, first));
  const square = f.let(f.f64.add(own, f.f64.mul(f.f64.mul(second, second), 0.01)));
  f.if(f.f64.ne(square, 0), () => {
    const root = f.let(f.f64.sqrt(square));
    const cube = f.let(f.f64.mul(square, root));
    f.set(shares[0], f.f64.sub(f.f64.div(f.f64.mul(first, 2), root), f.f64.div(f.f64.mul(own, first), cube)));
    f.set(shares[1], f.f64.neg(f.f64.div(f.f64.mul(f.f64.mul(own, 0.01), second), cube)));
  });
  return [...shares];
}
