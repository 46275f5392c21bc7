import type { AdaptiveController, Memory } from '@neural-ode/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { relativeError } from './closeness.ts';
import { gradientByDifferences } from './finite-difference.ts';

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
      const next = controller.decide(0.5, memory, 4).factor;
      expect(next).toBeGreaterThan(0);
      expect(next).toBeLessThan(100);
    });

    test('has a vjp that equals differences', () => {
      const tame = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
      const cotangent = { factor: 1.3, memory: [0.7, -0.4, 0] };
      fc.assert(
        fc.property(fc.array(tame, { minLength: 2, maxLength: 4 }), tame, errorOrders, (errors, error, order) => {
          const memory = remember(errors, order);
          const numbers = memory.map((_, i) => i).filter((i) => i < memory.length - 1);
          // Differentiable only where neither a limit nor the verdict changes nearby.
          const near = (share: number) => controller.decide(error * share, memory, order);
          const [below, at, above] = [near(0.9), near(1), near(1.1)];
          fc.pre(below.accepted === above.accepted);
          fc.pre((below.factor === at.factor) === (at.factor === above.factor));
          const loss = (norm: number, m: readonly number[]) => {
            const decision = controller.decide(norm, [...m, ...memory.slice(numbers.length)], order);
            const held = decision.memory.reduce((sum, x, i) => sum + x * (cotangent.memory[i] ?? 0), 0);
            return cotangent.factor * decision.factor + held;
          };
          const past = memory.slice(0, numbers.length);
          const back = controller.vjp(error, memory, order, cotangent);
          const [slope] = gradientByDifferences(([norm = 0]) => loss(norm, past), [error], error * 1e-2);
          expect(relativeError([back.errorNorm], [slope as number])).toBeLessThan(1e-6);
          for (const i of numbers) {
            const value = past[i] as number;
            const shifted = (x: number) => loss(error, past.with(i, x));
            const [expected] = gradientByDifferences(([x = 0]) => shifted(x), [value], value * 1e-2);
            const limited = [0.9, 1, 1.1].map((share) => shifted(value * share));
            if (limited[0] !== limited[1] && limited[1] !== limited[2]) {
              expect(back.memory[i]).toBeCloseTo(expected as number, 5);
            }
          }
        }),
      );
    });
  });
}
