import { type Shape, sizeOf } from '../graph/graph.ts';
import { stridesOf } from '../graph/shapes.ts';
import type { Base } from './target.ts';

/** An array laid over memory: element (i, j, ...) lies `offset` + i strides[0] + j strides[1] + ... elements from the base. */
export interface View {
  readonly base: Base;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

export function denseView(base: Base, shape: Shape, offset = 0): View {
  return { base, offset, shape, strides: stridesOf(shape) };
}

export function transposeView(view: View, order: readonly number[]): View {
  return {
    ...view,
    shape: order.map((axis) => view.shape[axis]!),
    strides: order.map((axis) => view.strides[axis]!),
  };
}

export function sliceView(view: View, begin: readonly number[], shape: Shape, strides: readonly number[]): View {
  if (sizeOf(shape) === 0) return { ...view, shape, strides: shape.map(() => 0) };
  return {
    base: view.base,
    offset: view.offset + begin.reduce((sum, at, n) => sum + at * view.strides[n]!, 0),
    shape,
    strides: strides.map((stride, n) => stride * view.strides[n]!),
  };
}

export function broadcastView(view: View, shape: Shape): View {
  const lead = shape.length - view.shape.length;
  return {
    ...view,
    shape,
    strides: shape.map((_, n) => (n < lead || view.shape[n - lead] === 1 ? 0 : view.strides[n - lead]!)),
  };
}

/** The same elements in another shape, where strides can say it. */
export function reshapeView(view: View, shape: Shape): View | undefined {
  if (sizeOf(shape) === 0) return { ...view, shape, strides: shape.map(() => 0) };
  const [merged] = collapse(view.shape, [view]);
  const lengths = [...merged.lengths];
  const steps = [...merged.views[0]!.strides];
  const strides: number[] = new Array(shape.length).fill(0);
  let length = lengths.pop() ?? 1;
  let step = steps.pop() ?? 1;
  for (let n = shape.length - 1; n >= 0; n--) {
    const wanted = shape[n]!;
    if (wanted === 1) continue;
    while (length === 1 && lengths.length > 0) {
      length = lengths.pop()!;
      step = steps.pop()!;
    }
    if (length % wanted !== 0) return undefined;
    strides[n] = step;
    step *= wanted;
    length /= wanted;
  }
  return { ...view, shape, strides };
}

/** Views walked together, by the same loops. */
export interface Walk {
  readonly lengths: readonly number[];
  readonly views: readonly View[];
}

/** Drops axes of length 1 and joins neighbouring axes wherever every view advances evenly over both. */
export function collapse(shape: Shape, views: readonly View[], from = 0): [Walk, number] {
  const lengths: number[] = [];
  const strides: number[][] = views.map(() => []);
  let boundary = 0;
  shape.forEach((length, n) => {
    if (n === from) boundary = lengths.length;
    if (length === 1) return;
    const last = lengths.length - 1;
    const joins =
      last >= boundary && last >= 0 && views.every((view, v) => strides[v]![last] === view.strides[n]! * length);
    views.forEach((view, v) => {
      if (joins) strides[v]![last] = view.strides[n]!;
      else strides[v]!.push(view.strides[n]!);
    });
    if (joins) lengths[last]! *= length;
    else lengths.push(length);
  });
  if (from >= shape.length) boundary = lengths.length;
  return [{ lengths, views: views.map((view, v) => ({ ...view, shape: lengths, strides: strides[v]! })) }, boundary];
}
