import type { Value } from '@neural-ode/assembler';
import { sizeOf } from '../graph/graph.ts';
import { accessOf, emitFormulas } from './emit-formulas.ts';
import type { Load } from './evaluator.ts';
import type { Expression } from './expression.ts';
import { layoutOf } from './layout.ts';
import { addressOf, type Base, type Emitter } from './target.ts';
import { unrolledOf } from './unroll.ts';

/**
 * A program as straight code: every element of every array is a number in a local, loaded once at its first use. For small
 * states, where loops and memory traffic would cost more than the arithmetic.
 */
export const emitUnrolled: Emitter = (target, f, job) => {
  const { element } = target;
  const access = accessOf(target, f);
  const layout = layoutOf(job.program);
  const { values, leaves, make } = unrolledOf(job.program, element);
  const load: Load = (leaf, how) => {
    const { input, n } = leaves[leaf]!;
    if (input.role === 't') return access.double(f.get(job.t), how);
    const base = job.inputs[input.role] as Base;
    return access.load(addressOf(base), base.address + (layout.offset(input) + n) * element.size, how);
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
  let returned: Value<'f64'> | undefined;
  emitFormulas(target, f, { make, runs, load, adjacent }, (index, wide, take) => {
    const place = places[index];
    if (!place) {
      returned = element.type === 'f32' ? f.f64.promoteF32(take() as Value<'f32'>) : (take() as Value<'f64'>);
      return;
    }
    const { base, at, add } = place;
    access.store(base, at, wide, take, add);
  });
  return { returned, scratchBytes: 0 };
};
