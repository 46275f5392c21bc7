import { probeFeatures } from '@neural-ode/assembler';
import { arrayField, errorNorm, float64Space, type StepCotangents } from '@neural-ode/core';
import { explicitRungeKutta } from '@neural-ode/solvers';
import * as tableaux from '@neural-ode/tableaux';
import { relativeError, vanDerPol } from '@neural-ode/testing';
import { describe, expect, test } from 'vitest';
import { vanDerPolCode } from '../fixtures/van-der-pol-code.ts';
import { CompiledField, Machines } from './compiled-field.ts';

const all = Object.values(tableaux).filter((entry) => typeof entry === 'object' && 'stages' in entry);
const machines = new Machines(vanDerPolCode);
const parameters = Float64Array.of(0.15);
const y0 = Float64Array.of(2, 0.3);
const tolerances = { numbers: { rtol: 1e-3, atol: 1e-4 }, arrays: { rtol: Float64Array.of(1e-3, 1e-2), atol: 1e-4 } };
const [t0, t1] = [0.3, 1.3];

describe.each(all)('the steps of $name', (tableau) => {
  const solver = explicitRungeKutta(tableau);
  // Fused multiply-adds round otherwise than the generic stepper.
  const roundOff =
    (probeFeatures().relaxedSimd ? 1e-12 : 1e-14) * tableau.b.reduce((sum, weight) => sum + Math.abs(weight), 0);
  const bind = (tolerance: 'numbers' | 'arrays') => {
    const norm = tableau.bError && errorNorm(float64Space, tolerances[tolerance]);
    const field = arrayField(vanDerPol.f, { size: 2, parameters, vjp: vanDerPol.vjp });
    const compiled = new CompiledField(machines, parameters);
    const counts = { evaluations: 0, vjps: 0 };
    return { generic: solver.bind(field, float64Space, norm), own: compiled.stepper(solver, norm, counts)!, counts };
  };

  test.each(['numbers', 'arrays'] as const)('equal the generic ones, with tolerances as %s', (tolerance) => {
    const { generic, own } = bind(tolerance);
    const expected = generic.step(t0, t1, y0);
    const actual = own.step(t0, t1, y0, own.start(t0, y0));
    expect(relativeError(actual.y1, expected.y1)).toBeLessThan(roundOff);
    if (tableau.bError) {
      expect(relativeError([actual.errorNorm as number], [expected.errorNorm as number])).toBeLessThan(1e-9);
    }
    expect(actual.carryOut === undefined).toBe(expected.carryOut === undefined);
    for (const t of [0.3, 0.31, 0.6, 1.3]) {
      expect(relativeError(own.interpolate(actual, t), generic.interpolate(expected, t))).toBeLessThan(roundOff);
    }
    expect(actual.carryOut === undefined).toBe(expected.carryOut === undefined);
    const next = own.step(t1, 1.7, actual.y1, actual.carryOut);
    expect(relativeError(next.y1, generic.step(t1, 1.7, expected.y1, expected.carryOut).y1)).toBeLessThan(roundOff);
    const retry = own.step(t0, 0.4, y0, actual.carryIn);
    expect(relativeError(retry.y1, generic.step(t0, 0.4, y0).y1)).toBeLessThan(roundOff);
  });

  const outputs = [0.35, 0.8].map((t, n) => ({ t, cotangent: Float64Array.of(0.3 - n, 1.1 + n) }));
  const y1 = Float64Array.of(0.7, -1.3);
  const cases: [string, StepCotangents<Float64Array>][] = [
    ['y1', { y1 }],
    ['y1 and time', { y1, wantTime: true }],
    ['outputs', { outputs }],
    ['y1 and outputs', { y1, outputs }],
    ['y1, outputs and time', { y1, outputs, wantTime: true }],
  ];
  const withError: typeof cases = [
    ['the error', { errorNorm: 1.5, wantTime: true }],
    ['y1 and the error', { y1, errorNorm: -2, wantTime: true }],
    ['everything', { y1, outputs, errorNorm: 0.5, wantTime: true }],
  ];
  test.each(tableau.bError ? [...cases, ...withError] : cases)(
    'have the cotangents of the generic ones: %s',
    (_, bars) => {
      for (const tolerance of ['numbers', 'arrays'] as const) {
        const { generic, own, counts } = bind(tolerance);
        const expected = generic.vjp(generic.revisit(t0, t1, y0), bars);
        const actual = own.vjp(own.revisit(t0, t1, y0), bars);
        const close = (a: ArrayLike<number>, b: ArrayLike<number>) =>
          expect(relativeError(a, b)).toBeLessThan(bars.errorNorm ? 1e-9 : 20 * roundOff);
        close(actual.y0, expected.y0);
        close(actual.parameters, expected.parameters);
        close([actual.t, actual.h, ...actual.outputs], [expected.t, expected.h, ...expected.outputs]);
        expect(counts.vjps).toBeGreaterThan(0);
      }
    },
  );
});
