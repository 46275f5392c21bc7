import type { Value } from '@neural-ode/assembler';
import { sizeOf } from '../graph/graph.ts';
import { Evaluator } from './evaluator.ts';
import type { Expression } from './expression.ts';
import { layoutOf } from './layout.ts';
import { addressOf, type Emitter } from './target.ts';
import { unrolledOf } from './unroll.ts';

/**
 * A program as straight code: every element of every array is a number in a local, loaded once at its first use. For small
 * states, where loops and memory traffic would cost more than the arithmetic.
 */
export const emitUnrolled: Emitter = (target, f, job) => {
  const { element } = target;
  const scalar = f[element.type];
  const layout = layoutOf(job.program);
  const { values, leaves } = unrolledOf(job.program, element);
  const load = (leaf: number): Value => {
    const { input, n } = leaves[leaf]!;
    if (input.role === 't') return element.type === 'f32' ? f.f32.demoteF64(job.t) : f.get(job.t);
    const base = job.inputs[input.role];
    return scalar.load(addressOf(base), base.address + (layout.offset(input) + n) * element.size);
  };
  const roots: Expression[] = [];
  const sinks: ((take: () => Value) => void)[] = [];
  for (const { nodes, base, add } of job.destinations) {
    let offset = base.address;
    for (const node of nodes) {
      for (const expression of values.get(node)!) {
        const at = offset;
        offset += element.size;
        if (add && expression.op === 'constant' && expression.value === 0) continue;
        roots.push(expression);
        sinks.push((take) => {
          // A pointer before the value, as the store wants them.
          const pointer = base.pointer ? f.get(base.pointer) : f.i32.const(0);
          const value = add ? sum(scalar.load(addressOf(base), at), take) : take();
          scalar.store(pointer, value as never, at);
        });
      }
      if (values.get(node)!.length !== sizeOf(node.shape)) throw new Error(`A ${node.op} lost elements.`);
    }
  }
  const sum = (old: Value, take: () => Value) => scalar.add(old as never, take() as never);
  if (job.returned) {
    roots.push(values.get(job.returned)![0]!);
  }
  let returned: Value<'f64'> | undefined;
  new Evaluator(f, element.type, load, target.math).run(roots, (index, take) => {
    const sink = sinks[index];
    if (sink) sink(take);
    else returned = element.type === 'f32' ? f.f64.promoteF32(take() as Value<'f32'>) : (take() as Value<'f64'>);
  });
  return { returned, scratchBytes: 0 };
};
