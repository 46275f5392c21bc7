import type { FunctionBuilder, Local, Value } from '@neural-ode/assembler';
import { sizeOf } from '../graph/graph.ts';
import { aroundAxis } from '../graph/shapes.ts';
import { arithmeticOf } from './evaluator.ts';
import { Expressions } from './expression.ts';
import { emitElementwise, type Output } from './kernel.ts';
import { Nest } from './nest.ts';
import type { Target } from './target.ts';
import { reshapeView, sliceView, type View } from './view.ts';

/** Copies one view into another of its shape. */
export function emitCopy(target: Target, f: FunctionBuilder, from: View, output: Output): void {
  const make = new Expressions('float64');
  emitElementwise(target, f, { leaves: [from], roots: [make.leaf(0)] }, [output]);
}

/** Fills a view with a number. */
export function emitFill(target: Target, f: FunctionBuilder, value: number, output: Output): void {
  const make = new Expressions('float64');
  emitElementwise(target, f, { leaves: [], roots: [make.constant(value)] }, [output]);
}

export function emitConcat(
  target: Target,
  f: FunctionBuilder,
  parts: readonly View[],
  axis: number,
  output: Output,
): void {
  let at = 0;
  for (const part of parts) {
    const begin = part.shape.map((_, n) => (n === axis ? at : 0));
    const ones = part.shape.map(() => 1);
    emitCopy(target, f, part, { ...output, view: sliceView(output.view, begin, part.shape, ones) });
    at += part.shape[axis]!;
  }
}

export function emitPad(
  target: Target,
  f: FunctionBuilder,
  from: View,
  { before, value }: { readonly before: readonly number[]; readonly value: number },
  { view }: Output,
): void {
  emitFill(target, f, value, { view, add: false });
  const ones = before.map(() => 1);
  emitCopy(target, f, from, { view: sliceView(view, before, from.shape, ones), add: false });
}

/** The view as (elements before an axis, along it, after it), if strides can say that. */
export function aroundView(view: View, axis: number): View | undefined {
  const { outer, size, inner } = aroundAxis(view.shape, axis);
  return reshapeView(view, [outer, size, inner]);
}

/**
 * Rows picked (`gather`) or added (`scatter`) at computed places. Views are (outer, along, inner); `along` is the axis of
 * the one that is indexed.
 */
export function emitIndexed(
  target: Target,
  f: FunctionBuilder,
  kind: 'gather' | 'scatter',
  { rows, indices, indexed }: { readonly rows: View; readonly indices: View; readonly indexed: View },
): void {
  const { element } = target;
  const [outer, count, inner] = rows.shape as [number, number, number];
  const length = indexed.shape[1]!;
  if (sizeOf(rows.shape) === 0) return;
  const along = { ...indexed, strides: [indexed.strides[0]!, 0, indexed.strides[2]!] };
  const places = { ...indices, strides: [0, indices.strides[0]!, 0] };
  const nest = new Nest(f, element, { lengths: [outer, count, inner], views: [rows, places, along] });
  nest.loops(0, 2, () => {
    const number = nest.load(1, element.type, 1);
    const whole =
      element.type === 'f32' ? f.i32.truncSatF32S(number as Value<'f32'>) : f.i32.truncSatF64S(number as Value<'f64'>);
    const index: Local<'i32'> = f.let(whole);
    f.set(index, f.select('i32', 0, index, f.i32.ltS(index, 0)));
    f.set(index, f.select('i32', length - 1, index, f.i32.gtS(index, length - 1)));
    const bytes = f.let(f.i32.mul(index, indexed.strides[1]! * element.size));
    const pointer = f.let(f.i32.add(nest.address(2), bytes));
    const source = f.let(nest.address(0));
    const row: View = { base: { pointer: source, address: 0 }, offset: 0, shape: [inner], strides: [rows.strides[2]!] };
    const other: View = { base: { pointer, address: 0 }, offset: 0, shape: [inner], strides: [indexed.strides[2]!] };
    if (kind === 'gather') emitCopy(target, f, other, { view: row, add: false });
    else emitCopy(target, f, row, { view: other, add: true });
    f.free(index, bytes, pointer, source);
  });
  nest.end();
}

/** Running sums or products along the middle axis of (outer, along, inner). */
export function emitScan(
  target: Target,
  f: FunctionBuilder,
  from: View,
  {
    joining,
    start,
    exclusive,
    reverse,
  }: { joining: 'add' | 'mul'; start: number; exclusive: boolean; reverse: boolean },
  { view }: Output,
): void {
  if (sizeOf(from.shape) === 0) return;
  const turned = (v: View): View => {
    if (!reverse) return v;
    return sliceView(v, [0, v.shape[1]! - 1, 0], v.shape, [1, -1, 1]);
  };
  // The axis of the running value innermost, vectors across it.
  const order = (v: View): View => ({
    ...v,
    shape: [v.shape[0]!, v.shape[2]!, v.shape[1]!],
    strides: [v.strides[0]!, v.strides[2]!, v.strides[1]!],
  });
  const views = [order(turned(from)), order(turned(view))];
  const nest = new Nest(f, target.element, { lengths: views[0]!.shape, views });
  nest.loops(0, 1, () =>
    nest.vectors(1, true, (lanes) => {
      const is = arithmeticOf(f, lanes);
      const running = f.let(is.const(start));
      nest.loops(2, 3, () => {
        const next = () => {
          const old = f.get(running);
          return is[joining](old, nest.load(0, lanes, 1));
        };
        if (!exclusive) f.set(running, next() as never);
        nest.store(1, lanes, 1, false, () => f.get(running));
        if (exclusive) f.set(running, next() as never);
      });
      f.free(running);
    }),
  );
  nest.end();
}
