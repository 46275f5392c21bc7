import type { Advance, FieldCounts, PidRule, Progress, Task } from '@neural-ode/core';
import type { Calls } from './calls.ts';
import { isFull } from './emit-advance.ts';
import { align } from './layout.ts';
import { loopIndex as at } from './loop-fields.ts';
import type { Machine } from './machine.ts';
import type { StepPlan } from './plan.ts';

type ArrayTask = Task<Float64Array, Float64Array>;

/** Bytes of a state up to which the loop runs inside WebAssembly; a call for every larger step costs nothing beside it. */
const largestState = 65_536;
/** Bytes that accepted steps may take before they are read, and outputs altogether. */
const roomForSteps = 262_144;
const roomForOutputs = 2 ** 26;

/**
 * Whether the loop inside WebAssembly can serve a task.
 *
 * @param largest bytes of a state up to which it does
 */
export function canAdvance(
  machine: Machine,
  task: ArrayTask,
  largest: number = keepsStages(machine, task) ? largestKeptState : largestState,
): boolean {
  const { layout } = machine;
  const { stepping, retain, outputs = [] } = task;
  return (
    (retain === 'end' || retain === 'states') &&
    layout.size > 0 &&
    layout.stride <= largest &&
    outputs.length * layout.stride <= roomForOutputs &&
    (stepping.kind === 'fixed' || stepping.controller.rule !== undefined)
  );
}

/** Whether so many steps with so many outputs can be walked back inside WebAssembly. */
export function canPullback({ layout }: Machine, steps: number, outputs: number): boolean {
  const { size, stride } = layout;
  return steps > 0 && size > 0 && (outputs + steps) * stride <= roomForOutputs;
}

/** Bytes of a state up to which the loop runs inside WebAssembly where it keeps stages, which core's loop cannot. */
const largestKeptState = 2 ** 20;

/** Whether `advance` keeps the stages of a task's steps. */
function keepsStages(machine: Machine, { retain, differentiated }: ArrayTask): boolean {
  return retain === 'states' && differentiated === true && machine.stageBlocks !== undefined;
}

/** How many accepted steps `advance` has room for before they are read. */
export function stepsAtOnce({ layout }: Machine): number {
  return Math.min(1024, Math.max(16, Math.floor(roomForSteps / (2 * layout.stride))));
}

/**
 * Takes steps inside WebAssembly until the end, or until one that core's loop has to judge; see `Stepper.advance`.
 *
 * @param capacity how many accepted steps there is room for; the same for machines that take steps together
 */
export function* advance(
  machine: Machine,
  task: ArrayTask,
  from: Progress<Float64Array>,
  counts: FieldCounts,
  capacity: number = stepsAtOnce(machine),
): Calls<Advance<Float64Array> | undefined> {
  const { layout } = machine;
  const plan = machine.plan as StepPlan;
  const { stepping, retain, outputs = [] } = task;
  const stops = stopsOf(task);
  const keep = retain === 'states';
  const slot = 2 * layout.stride;
  const slots = keep ? capacity + 1 : 2;
  const blocks = keepsStages(machine, task) ? machine.stageBlocks : undefined;
  // Blocks are those of the first steps, so nothing is added after a step that core's loop took.
  const room = blocks && from.accepted === 0 ? machine.reserveBlocks(blocks) : undefined;
  const call = room ? 'advanceKeeping' : 'advance';

  const timesAt = machine.reserve(
    8 * (stops.length + outputs.length + capacity + 3) + outputs.length * layout.stride + slots * slot,
    call,
  );
  const stopsAt = timesAt + 8 * (capacity + 1);
  const outputTimesAt = stopsAt + 8 * stops.length;
  const outputsAt = align(outputTimesAt + 8 * outputs.length);
  const slotsAt = outputsAt + outputs.length * layout.stride;
  machine.clearPadding(slotsAt, 2 * slots);
  writeProblem(machine, task, stopsAt, outputTimesAt);
  machine.write(slotsAt, from.y);
  if (from.carry) machine.write(slotsAt + layout.stride, from.carry.slope);

  const end = stops.at(-1) as number;
  machine.setDouble(at.t, from.t);
  machine.setDouble(at.size, from.size);
  machine.setInteger(at.from, slotsAt);
  machine.setInteger(at.to, slotsAt + slot);
  machine.setInteger(at.nextStop, from.nextStop);
  machine.setInteger(at.nextOutput, from.nextOutput);
  machine.setInteger(at.hasSlope, from.carry ? 1 : 0);
  machine.setInteger(at.outputStates, outputsAt);
  machine.setInteger(at.times, timesAt);
  machine.setInteger(at.capacity, capacity);
  machine.setInteger(at.keep, keep ? 1 : 0);
  machine.setInteger(at.block, room?.start ?? 0);
  machine.setInteger(at.blocksEnd, room?.end ?? 0);
  if (stepping.kind === 'adaptive') {
    const { memory } = from;
    machine.setDouble(at.memory0, memory[0] as number);
    machine.setDouble(at.memory1, memory[1] as number);
    machine.setDouble(at.memory2, memory[2] as number);
  }

  const ts: number[] = [];
  const ys: Float64Array[] = [];
  let [accepted, rejected] = [from.accepted, from.rejected];
  for (;;) {
    machine.setInteger(at.trials, Math.min(task.maxSteps - accepted - rejected, 2 ** 31 - 1));
    const reason = yield call;
    const [good, bad] = [machine.getInteger(at.accepted), machine.getInteger(at.rejected)];
    accepted += good;
    rejected += bad;
    counts.evaluations +=
      (good + bad) * (plan.stages - 1) +
      machine.getInteger(at.firsts) +
      machine.getInteger(at.extras) * (plan.allStages - plan.stages);
    for (let n = 1; n <= good; n++) ts.push(machine.readDouble(timesAt + 8 * n));
    if (keep) for (const y of machine.readStates(slotsAt + slot, good, slot)) ys.push(y);
    if (reason !== isFull) break;
    if (keep) {
      machine.move(slotsAt, machine.getInteger(at.from), slot);
      machine.setInteger(at.from, slotsAt);
      machine.setInteger(at.to, slotsAt + slot);
    }
  }
  if (room && blocks) {
    const count = (machine.getInteger(at.block) - room.start) / blocks.bytes;
    machine.kept = { start: room.start, ts: [from.t, ...ts.slice(0, count)], epoch: machine.epoch };
    machine.expectSteps(accepted);
  }
  if (accepted === from.accepted && rejected === from.rejected) return undefined;

  const last = machine.getInteger(at.from);
  if (!keep && accepted > from.accepted) ys.push(machine.read(last, layout.size));
  const t = machine.getDouble(at.t);
  const [first, next] = [from.nextOutput, machine.getInteger(at.nextOutput)];
  return {
    t,
    y: ys.at(-1) ?? from.y,
    // At the end nobody asks for the slope.
    carry:
      t !== end && machine.getInteger(at.hasSlope)
        ? { slope: machine.read(last + layout.stride, layout.size) }
        : undefined,
    memory: [machine.getDouble(at.memory0), machine.getDouble(at.memory1), machine.getDouble(at.memory2)],
    size: machine.getDouble(at.size),
    nextStop: machine.getInteger(at.nextStop),
    nextOutput: next,
    accepted,
    rejected,
    ts,
    ys,
    outputs: next > first ? machine.readStates(outputsAt + first * layout.stride, next - first, layout.stride) : [],
  };
}

/** Walks steps backwards inside WebAssembly; see `Stepper.pullback`. */
export function* pullback(
  machine: Machine,
  mesh: readonly number[],
  ys: readonly Float64Array[],
  ts: readonly number[],
  cotangents: readonly (Float64Array | undefined)[],
  counts: FieldCounts,
): Calls<{ y0: Float64Array | undefined; parameters: Float64Array }> {
  const { layout } = machine;
  const { stride } = layout;
  const steps = mesh.length - 1;
  const walk = atEnds(mesh, ts, cotangents) ? 'pullback' : 'pullbackThrough';
  const timesAt = machine.reserve(8 * (mesh.length + 2 * ts.length + 2) + (mesh.length + ts.length) * stride, walk);
  const outputTimesAt = timesAt + 8 * mesh.length;
  const presentAt = outputTimesAt + 8 * ts.length;
  const barsAt = align(presentAt + 8 * ts.length);
  const statesAt = barsAt + ts.length * stride;
  machine.clearPadding(barsAt, ts.length + mesh.length);
  machine.writeDoubles(timesAt, mesh);
  machine.writeDoubles(outputTimesAt, ts);
  let any = false;
  for (let n = 0; n < ts.length; n++) {
    const cotangent = cotangents[n];
    machine.writeInteger(presentAt + 4 * n, cotangent ? 1 : 0);
    if (!cotangent) continue;
    any ||= n > 0;
    machine.write(barsAt + n * stride, cotangent);
  }
  for (let n = 0; n < ys.length; n++) machine.write(statesAt + n * stride, ys[n] as Float64Array);
  machine.zero(layout.parametersBar, layout.parameterSize);
  machine.zero(layout.y1Bar, layout.size);
  machine.zero(layout.carryBar, layout.size);

  machine.setDouble(at.direction, Math.sign((mesh.at(-1) as number) - (mesh[0] as number)));
  machine.setInteger(at.steps, steps);
  machine.setInteger(at.times, timesAt);
  machine.setInteger(at.states, statesAt);
  machine.setInteger(at.outputs, outputTimesAt);
  machine.setInteger(at.outputCount, ts.length);
  machine.setInteger(at.outputStates, barsAt);
  machine.setInteger(at.present, presentAt);
  machine.setInteger(at.blocks, machine.kept?.start ?? 0);
  machine.setInteger(at.blockCount, countKept(machine, mesh, ys));
  yield walk;

  const plan = machine.plan as StepPlan;
  let walked = 0;
  for (const kind of [0, 1] as const) {
    const count = machine.getInteger(at[`walked${kind}`]);
    walked += count;
    counts.vjps += count * (plan.walked[kind] as readonly number[]).length;
  }
  counts.evaluations += machine.getInteger(at.restaged);
  if (plan.firstSameAsLast && walked > 0) counts.vjps++;
  return {
    y0: any ? machine.read(layout.y1Bar, layout.size) : undefined,
    parameters: machine.read(layout.parametersBar, layout.parameterSize),
  };
}

/** Of how many steps, from the first on, the stages still lie in memory. */
function countKept(machine: Machine, mesh: readonly number[], ys: readonly Float64Array[]): number {
  const { kept, stageBlocks } = machine;
  if (!kept || !stageBlocks || kept.epoch !== machine.epoch || kept.ts[0] !== mesh[0]) return 0;
  let count = 0;
  // What a step started from and where it led is all that its stages depend on besides the parameters.
  while (
    count + 1 < kept.ts.length &&
    kept.ts[count + 1] === mesh[count + 1] &&
    machine.holds(kept.start + count * stageBlocks.bytes, ys[count] as Float64Array)
  ) {
    count++;
  }
  return count;
}

/** The times that steps end at: of fixed steps all. */
export function stopsOf({ stepping }: ArrayTask): readonly number[] {
  return stepping.kind === 'adaptive' ? stepping.stops : stepping.ts.slice(1);
}

/** Writes what stays the same from step to step: stops and outputs, to the addresses given, bounds and rule. */
export function writeProblem(machine: Machine, task: ArrayTask, stopsAt: number, outputsAt: number): void {
  const { stepping, outputs = [] } = task;
  const stops = stopsOf(task);
  machine.writeDoubles(stopsAt, stops);
  machine.writeDoubles(outputsAt, outputs);
  machine.setDouble(at.direction, Math.sign((stops.at(-1) as number) - task.t0));
  machine.setInteger(at.adaptive, stepping.kind === 'adaptive' ? 1 : 0);
  machine.setInteger(at.stops, stopsAt);
  machine.setInteger(at.stopCount, stops.length);
  machine.setInteger(at.outputs, outputsAt);
  machine.setInteger(at.outputCount, outputs.length);
  if (stepping.kind === 'fixed') return;
  machine.setDouble(at.maxStep, stepping.maxStep);
  machine.setDouble(at.minStep, stepping.minStep);
  useRule(machine, stepping.controller.rule as PidRule, stepping.errorOrder);
}

/** Writes the rule's numbers for an error estimate of order q, as core's controller computes them. */
function useRule(machine: Machine, rule: PidRule, errorOrder: number): void {
  const { gains } = rule;
  const k = errorOrder + 1;
  machine.setDouble(at.safety, rule.safety);
  machine.setDouble(at.minFactor, rule.minFactor);
  machine.setDouble(at.maxFactor, rule.maxFactor);
  machine.setDouble(at.leastError, rule.leastError);
  machine.setDouble(at.exponent0, -gains[0] / k);
  machine.setDouble(at.exponent1, -gains[1] / k);
  machine.setDouble(at.exponent2, -gains[2] / k);
  machine.setDouble(at.shrink, -1 / k);
}

/** Whether no output with a cotangent lies inside a step: outputs follow one another as steps do. */
function atEnds(mesh: readonly number[], ts: readonly number[], cotangents: readonly unknown[]): boolean {
  let step = 0;
  for (let n = 0; n < ts.length; n++) {
    if (!cotangents[n]) continue;
    while (step < mesh.length && mesh[step] !== ts[n]) step++;
  }
  return step < mesh.length;
}
