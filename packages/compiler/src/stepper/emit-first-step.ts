import type { FunctionRef, Local, Operand } from '@neural-ode/assembler';
import { resolution } from '@neural-ode/core';
import type { StepContext } from './emit-step.ts';
import { type Place, StateCode } from './lanes.ts';

/**
 * Exports `firstStep(t0, span, from, root)`: core's `firstStepSize` for a state and its slope, `root` being 1 / (q + 1).
 * It costs one evaluation (Hairer, Norsett & Wanner 1993, II.4, "Starting step size").
 */
export function emitFirstStep(
  context: StepContext,
  power: FunctionRef<readonly ['f64']>,
): FunctionRef<readonly ['f64']> {
  const { module, field, layout } = context;
  return module.function(
    'firstStep',
    { t0: 'f64', span: 'f64', from: 'i32', root: 'f64' },
    ['f64'],
    (f, { t0, span, from, root }) => {
      const code = new StateCode(f, layout);
      const y0: Place = { base: from, offset: 0 };
      const f0: Place = { base: from, offset: layout.stride };
      const moved: Place = { offset: layout.input };
      const change: Place = { offset: layout.output };
      const longest = f.let(f.f64.abs(span));

      const d0 = scaledNorm(code, y0, y0);
      const d1 = scaledNorm(code, f0, y0);
      const h0 = f.let(f.f64.div(f.f64.mul(d0, 0.01), d1));
      const tiny = f.i32.or(f.f64.lt(d0, 1e-5), f.f64.lt(d1, 1e-5));
      const unusable = f.let(f.i32.or(tiny, f.f64.ne(f.f64.sub(d1, d1), 0)));
      f.set(h0, f.f64.min(f.select('f64', 1e-6, h0, unusable), longest));
      const h = f.let(f.f64.copysign(h0, span));

      code.combine(moved, y0, [{ coefficient: code.splat(h), state: f0 }]);
      f.call(field.slope, f.f64.add(t0, h), code.address(moved), code.address(change));
      code.combine(change, change, [{ coefficient: code.splat(-1), state: f0 }]);
      const d2 = f.let(f.f64.div(scaledNorm(code, change, y0), h0));

      const largest = f.let(f.f64.max(d1, d2));
      const h1 = f.let(f.call(power, f.f64.div(0.01, largest), root));
      const flat = f.let(f.f64.max(f.let(f.f64.mul(h0, 1e-3)), 1e-6));
      f.set(h1, f.select('f64', flat, h1, f.f64.le(largest, 1e-15)));
      // An Euler step out of the field's domain says only that h0 is too long.
      f.set(h1, f.select('f64', h1, f.f64.mul(h0, 1e-3), f.f64.eq(f.f64.sub(largest, largest), 0)));
      f.set(h1, f.f64.min(h1, f.f64.mul(h0, 100)));
      // Far from the origin of time shorter steps would not change t.
      f.set(h1, f.f64.max(h1, f.f64.mul(f.f64.abs(t0), 2 * resolution)));
      return f.f64.min(h1, longest);
    },
    { export: true, literals: 'inline' },
  );
}

/** Root mean square of value / (atol + rtol |y|). */
function scaledNorm(code: StateCode, value: Place, y: Place): Local<'f64'> {
  const { f, lanes, layout } = code;
  const sum = f.let(f.f64x2.const(0));
  code.each(10, (load) => {
    const scale = f.let(lanes.abs(load(y)));
    f.set(scale, lanes.fma(load({ offset: layout.rtol }), scale, load({ offset: layout.atol })));
    const over = f.let(load(value));
    // A component of zero counts as zero, even where its scale is zero.
    const ratio = f.let(f.v128.and(lanes.div(over, scale), lanes.ne(over, 0)));
    code.addProducts(sum, ratio, ratio);
  });
  const mean: Operand<'f64'> = f.f64.div(code.total(sum), Math.max(1, layout.size));
  return f.let(f.f64.sqrt(mean));
}
