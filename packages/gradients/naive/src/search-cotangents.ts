import {
  Accumulator,
  type AdaptiveStepping,
  type Cotangents,
  countFrom,
  type Memory,
  type Recorded,
  withFirstOutput,
} from '@neural-ode/core';

/**
 * Cotangents of a solve through its step-size search. Every trial maps the loop's variables (t, y, size, memory) to the
 * next ones; the trials are walked backwards with the cotangents of these four:
 *
 *     t' = t + h, y' = step(t, h, y)    when accepted, else t' = t, y' = y
 *     size', memory' = decide(errorNorm(t, h, y), memory), with size' = |h| factor, or size after a stop
 *     h = size in the direction of time, or stop - t, or a constant limit
 */
export function searchCotangents<Y, P>(
  recorded: Recorded<Y, P>,
  stepping: AdaptiveStepping,
  cotangents: readonly (Y | undefined)[],
): Cotangents<Y, P> {
  const { task, prepared, trials } = recorded;
  const { space, ts } = task;
  const { stepper, field } = prepared;
  const { controller, errorOrder } = stepping;
  const count = countFrom(prepared);
  const direction = Math.sign((ts.at(-1) as number) - (ts[0] as number));

  const parameters = new Accumulator(field.parameterSpace);
  const y = new Accumulator(space);
  const times = ts.map(() => 0);
  let t = 0;
  let size = 0;
  let memory: Memory = controller.start().map(() => 0);
  let output = ts.length - 1;

  for (const trial of [...trials].reverse()) {
    const { step, errorNorm } = trial;
    const h = step.t1 - step.t0;
    const inside: { t: number; cotangent: Y; index: number }[] = [];
    if (trial.accepted) {
      for (; output > 0 && ((ts[output] as number) - step.t0) * direction > 0; output--) {
        const cotangent = cotangents[output];
        if (cotangent === undefined) continue;
        // The end is hit whatever the sizes are; another output time that a step meets is not.
        if (output === ts.length - 1) y.add(cotangent);
        else inside.push({ t: ts[output] as number, cotangent, index: output });
      }
    }

    const { factor } = controller.decide(errorNorm, trial.memory, errorOrder);
    const proposed = trial.resumes ? 0 : size;
    const decided = controller.vjp(errorNorm, trial.memory, errorOrder, { factor: proposed * Math.abs(h), memory });
    memory = decided.memory;
    let hBar = proposed * factor * direction + (trial.accepted ? t : 0);

    const y1 = trial.accepted ? y.sum : undefined;
    if (y1 !== undefined || inside.length > 0 || decided.errorNorm !== 0) {
      const back = stepper.vjp(step, {
        y1,
        outputs: inside,
        errorNorm: decided.errorNorm,
        wantTime: true,
      });
      if (trial.accepted) y.set(back.y0);
      else y.take(back.y0);
      parameters.take(back.parameters);
      t += back.t;
      hBar += back.h;
      for (const [n, { index }] of inside.entries()) {
        times[index] = (times[index] as number) + (back.outputs[n] as number);
      }
    }

    size = (trial.resumes ? size : 0) + (trial.sizedBy === 'controller' ? hBar * direction : 0);
    if (trial.sizedBy === 'stop') {
      t -= hBar;
      if (step.t1 === ts.at(-1)) times[ts.length - 1] = (times[ts.length - 1] as number) + hBar;
    }
  }
  times[0] = t;
  return {
    y0: withFirstOutput(task, y.sum, cotangents),
    parameters: parameters.sum ?? field.parameterSpace.zeros(field.parameters),
    ts: task.wantTimes ? times : undefined,
    stats: count(),
  };
}
