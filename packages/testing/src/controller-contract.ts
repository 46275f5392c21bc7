import type { AdaptiveController, Decision, Memory } from '@neural-ode/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivative } from './finite-difference.ts';

/** Error norms of a plausible search, and the order of an estimate. */
const norms = fc.double({ min: 1e-6, max: 1e4, noNaN: true });
const errorOrders = fc.integer({ min: 1, max: 8 });
const history = fc.array(norms, { maxLength: 5 });

/** The tests that every adaptive controller passes. */
export function describeController(name: string, controller: AdaptiveController): void {
  const remember = (errors: readonly number[], order: number): Memory =>
    errors.reduce<Memory>((memory, error) => controller.decide(error, memory, order).memory, controller.start());

  describe(`${name}: controller contract`, () => {
    test('accepts an error norm of at most 1, whatever it remembers', () => {
      fc.assert(
        fc.property(norms, history, errorOrders, (error, errors, order) => {
          expect(controller.decide(error, remember(errors, order), order).accepted).toBe(error <= 1);
        }),
      );
    });

    test('shrinks the step after a rejection, and does not grow it right after', () => {
      fc.assert(
        fc.property(norms, history, errorOrders, (error, errors, order) => {
          const memory = remember([...errors, 5], order);
          const { accepted, factor } = controller.decide(error, memory, order);
          if (accepted) expect(factor).toBeLessThanOrEqual(1);
          else expect(factor).toBeLessThan(1);
          expect(factor).toBeGreaterThan(0);
        }),
      );
    });

    test('never answers a larger error with a larger step, the verdict being the same', () => {
      fc.assert(
        fc.property(norms, norms, history, errorOrders, (one, other, errors, order) => {
          const memory = remember(errors, order);
          const [small, large] = one < other ? [one, other] : [other, one];
          fc.pre(small <= 1 === large <= 1);
          const factor = (error: number) => controller.decide(error, memory, order).factor;
          expect(factor(large)).toBeLessThanOrEqual(factor(small) * (1 + 1e-12));
        }),
      );
    });

    test.each([Number.NaN, Number.POSITIVE_INFINITY])('rejects an error norm of %d and shrinks', (error) => {
      const decision = controller.decide(error, controller.start(), 4);
      expect(decision.accepted).toBe(false);
      expect(decision.factor).toBeGreaterThan(0);
      expect(decision.factor).toBeLessThan(1);
      expect(decision.memory).toSatisfy((memory: Memory) => memory.every(Number.isFinite));
    });

    test('grows by a finite factor after an error of zero, then goes on', () => {
      const { accepted, factor, memory } = controller.decide(0, controller.start(), 4);
      expect(accepted).toBe(true);
      expect(factor).toBeGreaterThan(1);
      expect(factor).toBeLessThan(100);
      // The exact step does not forbid the next one to grow.
      const next = controller.decide(1e-8, memory, 4).factor;
      expect(next).toBeGreaterThan(1);
      expect(next).toBeLessThan(100);
    });

    test('has a vjp that equals differences', () => {
      const tame = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
      const cotangent = { factor: 1.3, memory: [0.7, -0.4, 0] };
      fc.assert(
        fc.property(fc.array(tame, { minLength: 2, maxLength: 4 }), tame, errorOrders, (errors, error, order) => {
          const memory = remember(errors, order);
          const back = controller.vjp(error, memory, order, cotangent);
          const past = memory.slice(0, -1);
          const decide = (norm: number, m: readonly number[]) =>
            controller.decide(norm, [...m, ...memory.slice(-1)], order);
          const compare = (actual: number | undefined, value: number, at: (x: number) => Decision) => {
            // Differentiable only where neither a limit nor the verdict changes nearby: there factors are power laws.
            const [below, here, above] = [at(value / 1.1), at(value), at(value * 1.1)];
            const smooth = Math.abs((below.factor * above.factor) / here.factor ** 2 - 1) < 1e-9;
            if (!smooth || below.accepted !== above.accepted) return;
            const loss = (x: number) => {
              const { factor, memory: next } = at(x);
              return cotangent.factor * factor + next.reduce((sum, m, i) => sum + m * (cotangent.memory[i] ?? 0), 0);
            };
            const expected = derivative(loss, value, value * 1e-2);
            expect(Math.abs((actual as number) - expected)).toBeLessThan(1e-7 * Math.max(1, 1 / value));
          };
          compare(back.errorNorm, error, (norm) => decide(norm, past));
          past.forEach((value, i) => {
            compare(back.memory[i], value, (m) => decide(error, past.with(i, m)));
          });
        }),
      );
    });
  });
}
