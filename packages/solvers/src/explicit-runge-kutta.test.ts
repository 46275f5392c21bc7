import { arrayField, countedField, float64Space, InvalidInputError, odeint, runSync } from '@neural-ode/core';
import * as tableaux from '@neural-ode/tableaux';
import { describeSolver } from '@neural-ode/testing';
import { describe, expect, test } from 'vitest';
import { explicitRungeKutta } from './index.ts';

const all = Object.values(tableaux).filter((entry) => typeof entry === 'object' && 'stages' in entry);

for (const tableau of all) {
  const { stages, dense, fsal, b } = tableau;
  describeSolver(tableau.name, explicitRungeKutta(tableau), {
    denseOrder: dense.order,
    evaluationsPerStep: stages - 1,
    firstSameAsLast: fsal,
    // Weights that nearly cancel magnify the round-off of the stages.
    roundOff: b.reduce((sum, weight) => sum + Math.abs(weight), 0),
  });
}

test('an implicit tableau is refused', () => {
  expect(() => explicitRungeKutta({ ...tableaux.rk4, explicit: false })).toThrow(InvalidInputError);
});

test("a user's own tableau works at once", () => {
  const ralston3 = tableaux.defineTableau({
    name: 'ralston3',
    order: 3,
    c: ['0', '1/2', '3/4'],
    a: [[], ['1/2'], ['0', '3/4']],
    b: ['2/9', '1/3', '4/9'],
    citation: { authors: 'Ralston', year: 1962, title: 'Runge-Kutta methods with minimum error bounds' },
  });
  // One step on y' = y gives the Taylor polynomial of the method's order.
  const options = { solver: explicitRungeKutta(ralston3), stepSize: 0.5 };
  const [, y] = odeint((_t, state) => state, [1], [0, 0.5], options);
  expect(y![0]).toBeCloseTo(1 + 0.5 + 0.5 ** 2 / 2 + 0.5 ** 3 / 6, 15);
});

describe('a step', () => {
  const counts = { evaluations: 0, vjps: 0 };
  const field = countedField(
    arrayField((t, [y = 0]) => [t > 0.45 ? Number.NaN : -y], { size: 1 }),
    counts,
  );
  const bind = () => {
    counts.evaluations = 0;
    return explicitRungeKutta(tableaux.dopri5).bind(field, float64Space);
  };
  const y0 = Float64Array.of(1);

  test('names its first stage that is not finite', () => {
    const stepper = bind();
    // Abscissae 0, 1/5, 3/10, 4/5: the fourth stage is the first beyond 0.45.
    expect(runSync(stepper.firstBadStage(stepper.step(0, 1, y0)))).toBe(4);
    expect(runSync(stepper.firstBadStage(stepper.step(0, 0.4, y0)))).toBeUndefined();
    expect(runSync(stepper.firstBadStage(stepper.step(0.5, 0.6, y0)))).toBe(1);
  });

  test('hands its slopes on, to the next step and to a retry', () => {
    const stepper = bind();
    const step = stepper.step(0, 0.2, y0, stepper.start(0, y0));
    expect(counts.evaluations).toBe(7);
    const next = stepper.step(0.2, 0.4, step.y1, step.carryOut);
    const retry = stepper.step(0, 0.1, y0, step.carryIn);
    expect(counts.evaluations).toBe(19);
    expect(next.y1).toEqual(stepper.step(0.2, 0.4, step.y1).y1);
    expect(retry.y1).toEqual(stepper.step(0, 0.1, y0).y1);
  });

  test('revisited evaluates only what is asked for', () => {
    const stepper = bind();
    const trace = stepper.revisit(0, 0.2, y0);
    expect(counts.evaluations).toBe(0);
    const step = stepper.step(0, 0.2, y0);
    counts.evaluations = 0;
    expect(stepper.interpolate(trace, 0.05)).toEqual(stepper.interpolate(step, 0.05));
    expect(counts.evaluations).toBe(7);
    stepper.interpolate(trace, 0.15);
    expect(counts.evaluations).toBe(7);
  });
});
