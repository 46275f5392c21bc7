import type { FieldCounts, SampleAdvance, Task } from '@neural-ode/core';
import type { Calls } from './calls.ts';
import { stopsOf, writeProblem } from './compiled-loop.ts';
import { isFull, reachedEnd } from './emit-advance.ts';
import { align } from './layout.ts';
import { loopIndex as at, recordBytes, recordFields } from './loop-fields.ts';
import type { Machine } from './machine.ts';
import type { StepPlan } from './plan.ts';

/** Ends of steps that are kept before they are read. */
const roomForTimes = 32_768;

/** Solves from many states inside WebAssembly, one after the other; see `Stepper.advanceAll`. */
export function* advanceAll(
  machine: Machine,
  task: Task<Float64Array, Float64Array>,
  y0s: readonly Float64Array[],
  firstStep: number | undefined,
  counts: FieldCounts,
): Calls<readonly (SampleAdvance<Float64Array> | undefined)[]> {
  const { layout } = machine;
  const { stride } = layout;
  const plan = machine.plan as StepPlan;
  const { t0, stepping, outputs = [] } = task;
  const stops = stopsOf(task);
  const count = y0s.length;

  const doubles = roomForTimes + 1 + stops.length + outputs.length;
  const timesAt = machine.reserve(
    8 * doubles + count * recordBytes + 32 + (4 + count * (2 + outputs.length)) * stride,
    'advanceAll',
  );
  const stopsAt = timesAt + 8 * (roomForTimes + 1);
  const outputTimesAt = stopsAt + 8 * stops.length;
  const recordsAt = outputTimesAt + 8 * outputs.length;
  const slotsAt = align(recordsAt + count * recordBytes);
  const statesAt = slotsAt + 4 * stride;
  const endsAt = statesAt + count * stride;
  const outputsAt = endsAt + count * stride;
  machine.clearPadding(slotsAt, 4 + count);
  writeProblem(machine, task, stopsAt, outputTimesAt);
  for (let n = 0; n < count; n++) machine.write(statesAt + n * stride, y0s[n] as Float64Array);

  machine.setDouble(at.t0, t0);
  machine.setDouble(at.span, (stops.at(-1) as number) - t0);
  machine.setDouble(at.firstSize, stepping.kind === 'fixed' ? 1 : (firstStep ?? 0));
  machine.setDouble(at.root, stepping.kind === 'fixed' ? 1 : 1 / (stepping.errorOrder + 1));
  machine.setInteger(at.keep, 0);
  machine.setInteger(at.sampleCount, count);
  machine.setInteger(at.sample, 0);
  machine.setInteger(at.underWay, 0);
  machine.setInteger(at.sampleStates, statesAt);
  machine.setInteger(at.sampleEnds, endsAt);
  machine.setInteger(at.sampleOutputs, outputsAt);
  machine.setInteger(at.sampleRecords, recordsAt);
  machine.setInteger(at.sampleSlots, slotsAt);
  machine.setInteger(at.maxTrials, Math.min(task.maxSteps, 2 ** 31 - 1));

  const record = (n: number, field: (typeof recordFields)[number]) =>
    machine.readInteger(recordsAt + n * recordBytes + 4 * recordFields.indexOf(field));
  const meshes = y0s.map(() => [t0]);
  for (let reading = 0, reason = isFull; reason === isFull; ) {
    machine.setInteger(at.times, timesAt);
    machine.setInteger(at.capacity, roomForTimes);
    reason = yield 'advanceAll';
    const next = machine.getInteger(at.sample);
    let from = timesAt + 8;
    for (; reading < count && reading <= next; reading++) {
      const mesh = meshes[reading] as number[];
      for (let more = record(reading, 'accepted') + 1 - mesh.length; more > 0; more--, from += 8) {
        mesh.push(machine.readDouble(from));
      }
      if (reading === next) break;
    }
  }

  const reached = machine.readStates(outputsAt, count * outputs.length, stride);
  return meshes.map((ts, n) => {
    const accepted = record(n, 'accepted');
    const rejected = record(n, 'rejected');
    const evaluations =
      1 +
      (stepping.kind === 'adaptive' && firstStep === undefined ? 1 : 0) +
      (accepted + rejected) * (plan.stages - 1) +
      record(n, 'firsts') +
      record(n, 'extras') * (plan.allStages - plan.stages);
    counts.evaluations += evaluations;
    if (record(n, 'reason') !== reachedEnd) return undefined;
    const start = n * outputs.length;
    return { ts, outputs: reached.slice(start + 1, start + outputs.length), evaluations, accepted, rejected };
  });
}
