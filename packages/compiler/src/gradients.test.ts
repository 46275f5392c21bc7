import '@tensorflow/tfjs-backend-cpu';
import type { Field, FieldCounts, Gradient, GradientTask, Recording, Routine, Space } from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { adjoint } from '@neural-ode/gradient-adjoint';
import { direct, naive } from '@neural-ode/gradient-naive';
import { describeGradient, differentiableProblems } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Compiled } from './compile.ts';
import { compiledProblem } from './fixtures/problem-fields.ts';

await tf.setBackend('cpu');

type ArrayField = Field<Float64Array, Float64Array>;

const compiled = new Map<string, Compiled<unknown>>();

/** The problem's field, compiled without fused roundings, which the contract's states have not; it knows fields by their problems only. */
function compiledField({ y0, field, space }: GradientTask<Float64Array, Float64Array>): ArrayField {
  const problem = differentiableProblems.find(
    (one) => String(one.y0) === String(Array.from(y0)) && one.parameters.length === field.parameters.length,
  );
  if (!problem) throw new Error('The contract has a problem that is not among the differentiable ones.');
  const known = compiled.get(problem.name) ?? compiledProblem(problem, { relaxedSimd: false });
  compiled.set(problem.name, known);
  return reporting(known.field(field.parameters), field, space, y0);
}

/** The field with every use of it reported to another one, as the contract counts what its own field sees. */
function reporting(own: ArrayField, other: ArrayField, space: Space<Float64Array>, y0: Float64Array): ArrayField {
  const report: FieldCounts = {
    get evaluations() {
      return 0;
    },
    set evaluations(more) {
      for (let n = 0; n < more; n++) space.release(other.evaluate(0.5, y0));
    },
    get vjps() {
      return 0;
    },
    set vjps(more) {
      for (let n = 0; n < more; n++) {
        const back = other.vjp(0.5, y0, y0, false);
        for (const state of [back.y, back.parameters]) space.release(state);
      }
    },
  };
  return {
    parameters: own.parameters,
    parameterSpace: other.parameterSpace,
    evaluate(t, y) {
      report.evaluations++;
      return own.evaluate(t, y);
    },
    vjp(...args) {
      report.vjps++;
      return own.vjp(...args);
    },
    stepper(solver, norm, counts) {
      const both: FieldCounts = {
        get evaluations() {
          return counts.evaluations;
        },
        set evaluations(count) {
          report.evaluations = count - counts.evaluations;
          counts.evaluations = count;
        },
        get vjps() {
          return counts.vjps;
        },
        set vjps(count) {
          report.vjps = count - counts.vjps;
          counts.vjps = count;
        },
      };
      return own.stepper?.(solver, norm, both);
    },
  };
}

/** The strategy on compiled fields. */
function onCompiled(gradient: Gradient): Gradient {
  return {
    name: gradient.name,
    record<Y, P>(task: GradientTask<Y, P>): Routine<Recording<Y, P>> {
      const arrays = task as unknown as GradientTask<Float64Array, Float64Array>;
      const swapped = { ...arrays, field: compiledField(arrays) };
      return gradient.record(swapped) as unknown as Routine<Recording<Y, P>>;
    },
  };
}

describeGradient('aca, compiled', onCompiled(aca), { of: 'replay', replayAccuracy: 1e-11 });
describeGradient('direct, compiled', onCompiled(direct), { of: 'replay', replayAccuracy: 1e-11 });
describeGradient('naive, compiled', onCompiled(naive), { of: 'search', accuracy: 1e-6 });
describeGradient('adjoint, compiled', onCompiled(adjoint), { of: 'equation', accuracy: 1e-6 });
