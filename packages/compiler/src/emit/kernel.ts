import type { FunctionBuilder, Value } from '@neural-ode/assembler';
import { Evaluator } from './evaluator.ts';
import type { Expression } from './expression.ts';
import { Nest } from './nest.ts';
import type { Lanes } from './precision.ts';
import type { Target } from './target.ts';
import { collapse, type View } from './view.ts';

/** Where a kernel writes. */
export interface Output {
  readonly view: View;
  /** Adds to what is there. */
  readonly add: boolean;
}

/** Formulas over views of one shape. The leaves of the expressions are numbers of `leaves`. */
export interface Formulas {
  readonly leaves: readonly View[];
  readonly roots: readonly Expression[];
}

/** Writes one formula's values for each output. */
export function emitElementwise(
  target: Target,
  f: FunctionBuilder,
  { leaves, roots }: Formulas,
  outputs: readonly Output[],
): void {
  const views = [...leaves, ...outputs.map(({ view }) => view)];
  const [walk] = collapse(outputs[0]!.view.shape, views);
  if (walk.lengths.includes(0)) return;
  const order = vectorAxisLast(target, walk.lengths, walk.views);
  const nest = new Nest(f, target.element, {
    lengths: order.map((axis) => walk.lengths[axis]!),
    views: walk.views.map((view) => ({ ...view, strides: order.map((axis) => view.strides[axis]!) })),
  });
  const axis = order.length - 1;
  const body = (lanes: Lanes) => {
    const evaluator = new Evaluator(f, lanes, (leaf) => nest.load(leaf, lanes, axis), target.math);
    evaluator.run(roots, (n, take) => nest.store(leaves.length + n, lanes, axis, outputs[n]!.add, take));
  };
  const mayRepeat = !outputs.some(({ add }) => add);
  nest.loops(0, Math.max(axis, 0), () => {
    if (axis < 0) body(target.element.type);
    else nest.vectors(axis, mayRepeat, body);
  });
  nest.end();
}

/** The order of axes in which the last one suits vectors best: long enough and with neighbours in memory. */
function vectorAxisLast(target: Target, lengths: readonly number[], views: readonly View[]): number[] {
  const { lanes } = target.element;
  const axes = lengths.map((_, n) => n);
  const last = axes.at(-1);
  if (last === undefined || lengths[last]! >= lanes) return axes;
  let best = last;
  let bestScore = 0;
  for (const axis of axes) {
    if (lengths[axis]! < lanes) continue;
    const score = 1 + views.filter(({ strides }) => Math.abs(strides[axis]!) <= 1).length;
    if (score > bestScore) {
      best = axis;
      bestScore = score;
    }
  }
  return [...axes.filter((axis) => axis !== best), best];
}

/** How many vectors a reduction of plain numbers joins side by side. */
const besides = 4;

export type Joining = 'add' | 'mul' | 'max' | 'min';

/**
 * Joins a formula's values along the axes from `kept` on; the output has the axes before. Vectors run along the axis whose
 * elements are neighbours: the last that is kept (one sum a lane) or the last that is reduced (lanes joined at the end).
 */
export function emitReduce(
  target: Target,
  f: FunctionBuilder,
  { leaves, roots }: Formulas,
  { joining, start, kept, shape }: { joining: Joining; start: number; kept: number; shape: readonly number[] },
  output: Output,
): void {
  const { element } = target;
  const { lanes, vector, type } = element;
  const out: View = { ...output.view, shape, strides: shape.map((_, n) => output.view.strides[n] ?? 0) };
  const [walk, boundary] = collapse(shape, [...leaves, out], kept);
  if (walk.lengths.slice(0, boundary).includes(0)) return;
  const nest = new Nest(f, element, walk);
  const end = walk.lengths.length;
  const lastKept = boundary - 1;
  const lastReduced = end - 1;
  const score = (axis: number, first: number) =>
    axis < first || walk.lengths[axis]! < lanes
      ? -1
      : walk.views.slice(0, leaves.length).filter(({ strides }) => strides[axis] === 1).length;
  const empty = walk.lengths.slice(boundary).includes(0);
  const evaluate = (atLanes: Lanes, axis: number, sink: (take: () => Value) => void, ahead = 0) => {
    const load = (leaf: number) => nest.load(leaf, atLanes, axis, ahead);
    new Evaluator(f, atLanes, load, target.math).run(roots, (_, take) => sink(take));
  };
  const join = (atLanes: Lanes, a: Value, b: Value): Value => {
    const operations = f[atLanes] as unknown as Record<Joining, (a: Value, b: Value) => Value>;
    return operations[joining](a, b);
  };
  const keptScore = score(lastKept, 0);
  const reducedScore = score(lastReduced, boundary);
  if (keptScore >= 0 && (keptScore > reducedScore || reducedScore < 0)) {
    const sums = (atLanes: Lanes, count: number) => {
      const totals = Array.from({ length: count }, () => f.let(f[atLanes].const(start)));
      const ahead = (n: number) => n * lanes;
      if (!empty) {
        nest.loops(boundary, end, () => {
          for (const [n, total] of totals.entries()) {
            const add = (take: () => Value) => {
              const old = f.get(total);
              f.set(total, join(atLanes, old, take()) as never);
            };
            evaluate(atLanes, lastKept, add, ahead(n));
          }
        });
      }
      for (const [n, total] of totals.entries()) {
        nest.store(leaves.length, atLanes, lastKept, output.add, () => f.get(total), ahead(n));
      }
      f.free(...totals);
    };
    // Neighbours share a line of the cache; longer formulas leave no registers for several sums.
    const plain = roots[0]!.op === 'leaf' && walk.views.every(({ strides }) => strides[lastKept]! >= 0);
    const one = (atLanes: Lanes) => sums(atLanes, 1);
    nest.loops(0, lastKept, () => {
      if (plain) nest.grouped(lastKept, besides, () => sums(vector, besides), !output.add, one);
      else nest.vectors(lastKept, !output.add, one);
    });
  } else {
    nest.loops(0, boundary, () => {
      const total = f.let(f[type].const(start));
      const byVectors = reducedScore >= 0;
      const totals = byVectors ? f.let(f[vector].const(start)) : undefined;
      const body = (atLanes: Lanes) =>
        evaluate(atLanes, lastReduced, (take) => {
          const into = atLanes === vector ? totals! : total;
          const old = f.get(into);
          f.set(into, join(atLanes, old, take()) as never);
        });
      if (!empty) {
        if (lastReduced < boundary) body(type);
        else nest.loops(boundary, lastReduced, () => nest.vectors(lastReduced, false, body));
      }
      if (totals) {
        for (let lane = 0; lane < lanes; lane++) {
          const old = f.get(total);
          f.set(total, join(type, old, f[vector].extractLane(totals as never, lane)) as never);
        }
        f.free(totals);
      }
      nest.store(leaves.length, type, 0, output.add, () => f.get(total));
      f.free(total);
    });
  }
  nest.end();
}
