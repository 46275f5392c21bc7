import { type Gradient, type GradientTask, type Mesh, type Routine, releaseAll, replay } from '@neural-ode/core';

/**
 * A strategy that, once the solve has ended, evaluates the field again where each accepted step starts.
 *
 * @param visit evaluates the field, given as a function; called once for each accepted step, in order
 */
export function visitingSteps(gradient: Gradient, visit: (evaluate: () => void) => void): Gradient {
  return {
    name: gradient.name,
    *record(task) {
      const recording = yield* gradient.record(task);
      const { ts } = recording.mesh;
      const { ys, release } = yield* states(task, recording.mesh);
      for (const [n, y] of ys.slice(0, ts.length - 1).entries()) {
        visit(() => task.space.release(task.field.evaluate(ts[n] as number, y)));
      }
      release();
      return recording;
    },
  };
}

/** The states at the ends of the steps: a strategy that kept none solves again over the same steps. */
function* states<Y, P>(
  { field, space, y0, ts, options }: GradientTask<Y, P>,
  mesh: Mesh<Y>,
): Routine<{ readonly ys: readonly Y[]; release(): void }> {
  if (mesh.ys) return { ys: mesh.ys, release() {} };
  const problem = { field, space, y0, t0: ts[0] as number, t1: ts.at(-1) as number };
  const { ys } = yield* replay(problem, mesh, { ...options, saveAt: 'steps' });
  return { ys, release: () => releaseAll(space, ys) };
}
