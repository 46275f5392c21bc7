import { sizeOf } from '../graph/graph.ts';
import type { Local, Value } from '../wasm/index.ts';
import { Evaluator, type Load } from './evaluator.ts';
import type { Expression } from './expression.ts';
import { layoutOf } from './layout.ts';
import { pack, type Run } from './pack.ts';
import { rewritten } from './rewrite.ts';
import { addressOf, type Base, type Emitter } from './target.ts';
import { unrolledOf } from './unroll.ts';
import { widen } from './wide.ts';

/**
 * A program as straight code: every element of every array is a number in a local, loaded once at its first use. For small
 * states, where loops and memory traffic would cost more than the arithmetic.
 */
export const emitUnrolled: Emitter = (target, f, job) => {
  const { element } = target;
  const scalar = f[element.type];
  const layout = layoutOf(job.program);
  const { values, leaves, make } = unrolledOf(job.program, element);
  const vectors = f[element.vector];
  // Of the four lanes of float32 the first two are used.
  const loadPair = (pointer: Local<'i32'> | 0, offset: number) =>
    element.lanes === 2 ? vectors.load(pointer, offset) : f.v128.load64Zero(pointer, offset);
  const load: Load = (leaf, how) => {
    const { input, n } = leaves[leaf]!;
    if (input.role === 't') {
      const t = element.type === 'f32' ? f.f32.demoteF64(job.t) : f.get(job.t);
      return how === 'splat' ? vectors.splat(t as never) : t;
    }
    const base = job.inputs[input.role];
    const offset = base.address + (layout.offset(input) + n) * element.size;
    if (how === 'one') return scalar.load(addressOf(base), offset);
    return how === 'splat' ? vectors.loadSplat(addressOf(base), offset) : loadPair(addressOf(base), offset);
  };
  const adjacent = (leaf: number, next: number) =>
    leaves[leaf]!.input === leaves[next]!.input && leaves[leaf]!.n + 1 === leaves[next]!.n;

  const runs: Expression[][] = [];
  const places: { readonly base: Base; readonly at: number; readonly add: boolean }[] = [];
  for (const { nodes, base, add } of job.destinations) {
    let offset = base.address;
    let run: Expression[] = [];
    runs.push(run);
    for (const node of nodes) {
      if (values.get(node)!.length !== sizeOf(node.shape)) throw new Error(`A ${node.op} lost elements.`);
      for (const expression of values.get(node)!) {
        if (add && expression.op === 'constant' && expression.value === 0) {
          run = [];
          runs.push(run);
        } else {
          run.push(expression);
          places.push({ base, at: offset, add });
        }
        offset += element.size;
      }
    }
  }
  if (job.returned) runs.push([values.get(job.returned)![0]!]);
  const results = rewritten(runs.flat(), make);
  const stored = widen(results, pack(inRuns(results, runs), adjacent));
  let returned: Value<'f64'> | undefined;
  const evaluator = new Evaluator(f, element.type, load, target.math);
  evaluator.run(
    stored.map(({ expression }) => expression),
    (index, take) => {
      const { at: number, expression } = stored[index]!;
      const place = places[number];
      if (!place) {
        returned = element.type === 'f32' ? f.f64.promoteF32(take() as Value<'f32'>) : (take() as Value<'f64'>);
        return;
      }
      const { base, at, add } = place;
      // A pointer before the value, as the store wants them.
      const pointer = base.pointer ? f.get(base.pointer) : f.i32.const(0);
      if (expression.wide) {
        const value = add ? vectors.add(loadPair(addressOf(base), at), take() as never) : (take() as Value<'v128'>);
        if (element.lanes === 2) vectors.store(pointer, value, at);
        else f.v128.store64Lane(pointer, value, 0, at);
      } else {
        const value = add ? scalar.add(scalar.load(addressOf(base), at) as never, take() as never) : take();
        scalar.store(pointer, value as never, at);
      }
    },
  );
  return { returned, scratchBytes: 0 };
};

function inRuns(results: readonly Expression[], runs: readonly (readonly unknown[])[]): readonly Run[] {
  let end = 0;
  return runs.map(({ length }) => {
    end += length;
    return results.slice(end - length, end);
  });
}
