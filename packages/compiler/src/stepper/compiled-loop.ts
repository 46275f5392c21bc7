import type { Advance, FieldCounts, PidRule, Progress, Task } from '@neural-ode/core';
import { isFull } from './emit-advance.ts';
import { type LoopDouble, type LoopField, type LoopInteger, loopAddress } from './loop-fields.ts';
import type { Machine } from './machine.ts';
import { type StepPlan, walkSizes } from './plan.ts';

type ArrayTask = Task<Float64Array, Float64Array>;

/** Bytes of a state up to which the loop runs inside WebAssembly; a call for every larger step costs nothing beside it. */
const largestState = 65_536;
/** Bytes that accepted steps may take before they are read, and outputs altogether. */
const roomForSteps = 262_144;
const roomForOutputs = 2 ** 26;

/** Whether the loop inside WebAssembly can serve a task. */
export function canAdvance({ layout }: Machine, { stepping, retain, outputs = [] }: ArrayTask): boolean {
  return (
    (retain === 'end' || retain === 'states') &&
    layout.size > 0 &&
    layout.stride <= largestState &&
    outputs.length * layout.stride <= roomForOutputs &&
    (stepping.kind === 'fixed' || stepping.controller.rule !== undefined)
  );
}

/** Takes steps inside WebAssembly until the end, or until one that core's loop has to judge; see `Stepper.advance`. */
export function advance(
  machine: Machine,
  task: ArrayTask,
  from: Progress<Float64Array>,
  counts: FieldCounts,
): Advance<Float64Array> | undefined {
  const { exports, layout } = machine;
  const plan = machine.plan as StepPlan;
  const { stepping, retain, outputs = [] } = task;
  const stops = stepping.kind === 'adaptive' ? stepping.stops : stepping.ts.slice(1);
  const keep = retain === 'states';
  const slot = 2 * layout.stride;
  const capacity = Math.min(1024, Math.max(16, Math.floor(roomForSteps / slot)));
  const slots = keep ? capacity + 1 : 2;

  const timesAt = machine.reserve(
    8 * (stops.length + outputs.length + capacity + 3) + outputs.length * layout.stride + slots * slot,
  );
  const stopsAt = timesAt + 8 * (capacity + 1);
  const outputTimesAt = stopsAt + 8 * stops.length;
  const outputsAt = align(outputTimesAt + 8 * outputs.length);
  const slotsAt = outputsAt + outputs.length * layout.stride;
  machine.clearPadding(slotsAt, 2 * slots);
  machine.writeDoubles(stopsAt, stops);
  machine.writeDoubles(outputTimesAt, outputs);
  machine.write(slotsAt, from.y);
  if (from.carry) machine.write(slotsAt + layout.stride, from.carry.slope);

  const set = fieldsOf(machine);
  const end = stops.at(-1) as number;
  set.doubles({ t: from.t, size: from.size, direction: Math.sign(end - task.t0) });
  set.integers({
    from: slotsAt,
    to: slotsAt + slot,
    nextStop: from.nextStop,
    nextOutput: from.nextOutput,
    hasSlope: from.carry ? 1 : 0,
    adaptive: stepping.kind === 'adaptive' ? 1 : 0,
    stops: stopsAt,
    stopCount: stops.length,
    outputs: outputTimesAt,
    outputCount: outputs.length,
    outputStates: outputsAt,
    times: timesAt,
    capacity,
    keep: keep ? 1 : 0,
  });
  if (stepping.kind === 'adaptive') {
    const { controller, errorOrder, maxStep, minStep } = stepping;
    const [memory0 = 0, memory1 = 0, memory2 = 0] = from.memory;
    set.doubles({ memory0, memory1, memory2, maxStep, minStep, ...exponents(controller.rule as PidRule, errorOrder) });
  }

  const ts: number[] = [];
  const ys: Float64Array[] = [];
  let [accepted, rejected] = [from.accepted, from.rejected];
  for (;;) {
    set.integers({ trials: task.maxSteps - accepted - rejected });
    const reason = exports.advance();
    const [good, bad] = [set.integer('accepted'), set.integer('rejected')];
    accepted += good;
    rejected += bad;
    counts.evaluations +=
      (good + bad) * (plan.stages - 1) + set.integer('firsts') + set.integer('extras') * (plan.allStages - plan.stages);
    for (let n = 1; n <= good; n++) ts.push(machine.readDouble(timesAt + 8 * n));
    if (keep) for (const y of machine.readStates(slotsAt + slot, good, slot)) ys.push(y);
    if (reason !== isFull) break;
    if (keep) {
      machine.move(slotsAt, set.integer('from'), slot);
      set.integers({ from: slotsAt, to: slotsAt + slot });
    }
  }
  if (accepted === from.accepted && rejected === from.rejected) return undefined;

  const last = set.integer('from');
  if (!keep || ys.length === 0) ys.push(...(accepted > from.accepted ? [machine.read(last, layout.size)] : []));
  const t = set.double('t');
  const [first, next] = [from.nextOutput, set.integer('nextOutput')];
  return {
    t,
    y: ys.at(-1) ?? from.y,
    // At the end nobody asks for the slope.
    carry:
      t !== end && set.integer('hasSlope') ? { slope: machine.read(last + layout.stride, layout.size) } : undefined,
    memory: [set.double('memory0'), set.double('memory1'), set.double('memory2')],
    size: set.double('size'),
    nextStop: set.integer('nextStop'),
    nextOutput: next,
    accepted,
    rejected,
    ts,
    ys,
    outputs: machine.readStates(outputsAt + first * layout.stride, next - first, layout.stride),
  };
}

/** Walks steps backwards inside WebAssembly; see `Stepper.pullback`. */
export function pullback(
  machine: Machine,
  mesh: readonly number[],
  ys: readonly Float64Array[],
  ts: readonly number[],
  cotangents: readonly (Float64Array | undefined)[],
  counts: FieldCounts,
): { y0: Float64Array | undefined; parameters: Float64Array } | undefined {
  const { exports, layout } = machine;
  const { stride } = layout;
  const steps = mesh.length - 1;
  if (steps === 0 || layout.size === 0 || stride > largestState || (ts.length + steps) * stride > roomForOutputs) {
    return undefined;
  }
  const timesAt = machine.reserve(8 * (mesh.length + 2 * ts.length + 2) + (mesh.length + ts.length) * stride);
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

  const set = fieldsOf(machine);
  set.doubles({ direction: Math.sign((mesh.at(-1) as number) - (mesh[0] as number)) });
  set.integers({
    steps,
    times: timesAt,
    states: statesAt,
    outputs: outputTimesAt,
    outputCount: ts.length,
    outputStates: barsAt,
    present: presentAt,
  });
  exports.pullback();

  const plan = machine.plan as StepPlan;
  let walked = 0;
  for (const kind of [0, 1] as const) {
    const count = set.integer(`walked${kind}`);
    walked += count;
    counts.evaluations += count * walkSizes(plan, kind).slopes;
    counts.vjps += count * (plan.walked[kind] as readonly number[]).length;
  }
  if (plan.firstSameAsLast && walked > 0) counts.vjps++;
  return {
    y0: any ? machine.read(layout.y1Bar, layout.size) : undefined,
    parameters: machine.read(layout.parametersBar, layout.parameterSize),
  };
}

/** The rule's numbers for an error estimate of order q, as core's controller computes them. */
function exponents({ gains, ...limits }: PidRule, errorOrder: number) {
  const k = errorOrder + 1;
  return {
    ...limits,
    exponent0: -gains[0] / k,
    exponent1: -gains[1] / k,
    exponent2: -gains[2] / k,
    shrink: -1 / k,
  };
}

/** The loop's fields in a machine's memory. */
function fieldsOf(machine: Machine) {
  const at = (field: LoopField) => loopAddress(machine.layout, field);
  return {
    doubles(values: Partial<Record<LoopDouble, number>>): void {
      for (const field in values) machine.writeDouble(at(field as LoopDouble), values[field as LoopDouble] as number);
    },
    integers(values: Partial<Record<LoopInteger, number>>): void {
      for (const field in values)
        machine.writeInteger(at(field as LoopInteger), values[field as LoopInteger] as number);
    },
    double: (field: LoopDouble) => machine.readDouble(at(field)),
    integer: (field: LoopInteger) => machine.readInteger(at(field)),
  };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
