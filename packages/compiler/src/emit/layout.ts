import { type InputNode, type Program, sizeOf } from '../graph/graph.ts';

/** Where the leaves of each kind of input lie, in elements from the start of their array. */
export interface Layout {
  offset(input: InputNode): number;
}

/** Arrays are the concatenation of their leaves. */
export function layoutOf({ inputs }: Program): Layout {
  const offsets = new Map<string, number>();
  for (const leaves of [[inputs.t], inputs.y, inputs.parameters, inputs.cotangent, inputs.tape ?? []]) {
    let at = 0;
    for (const { role, index, shape } of leaves) {
      offsets.set(`${role} ${index}`, at);
      at += sizeOf(shape);
    }
  }
  return { offset: ({ role, index }) => offsets.get(`${role} ${index}`)! };
}
