import {
  type Cotangents,
  type Gradient,
  type GradientTask,
  type Recorded,
  type Recording,
  type Routine,
  record,
  releaseAll,
  replayCotangents,
} from '@neural-ode/core';

/**
 * The adaptive checkpoint adjoint: forwards it keeps t, h and y of the accepted steps only; backwards it redoes one step
 * at a time from its checkpoint and differentiates it stage by stage. The gradient is exact for the steps taken, at the
 * memory cost of one stored state per step.
 *
 * Zhuang, Dvornek, Li, Tatikonda, Papademetris & Duncan 2020, "Adaptive Checkpoint Adjoint Method for Gradient
 * Estimation in Neural ODE", ICML, arXiv:2006.02493, algorithm 2.
 */
export const aca: Gradient = {
  name: 'aca',
  *record<Y, P>(task: GradientTask<Y, P>): Routine<Recording<Y, P>> {
    const recorded = yield* record(task, 'states');
    const { ys: checkpoints = [] } = recorded.mesh;
    return {
      ys: recorded.ys,
      mesh: recorded.mesh,
      stats: recorded.stats,
      retained: task.wantTimes ? [...checkpoints, ...recorded.ys] : checkpoints,
      pullback: (cotangents) => walkBack(recorded, cotangents),
    };
  },
};

function* walkBack<Y, P>(recorded: Recorded<Y, P>, cotangents: readonly (Y | undefined)[]): Routine<Cotangents<Y, P>> {
  const { ts, ys: checkpoints = [] } = recorded.mesh;
  const { stepper } = recorded.prepared;
  return replayCotangents(
    recorded,
    cotangents,
    (n) => stepper.revisit(ts[n] as number, ts[n + 1] as number, checkpoints[n] as Y),
    (trace) => releaseAll(recorded.task.space, stepper.states(trace)),
  );
}
