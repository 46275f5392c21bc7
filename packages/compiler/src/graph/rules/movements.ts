import { concat, full, pad, reshape, slice, sliceAxis, transpose, unary } from '../build.ts';
import { type Node, type PadNode, type Shape, type SliceNode, sizeOf } from '../graph.ts';
import { sameNumbers } from '../shapes.ts';
import { knownValue } from '../values.ts';
import { isKnown, type Rule, scalarOf } from './rule.ts';

/** A sign moves out of what only moves elements; a broadcast it stays within. */
export const signsOut: Rule = (node) => {
  const [x] = node.inputs;
  if (x?.op !== 'unary' || x.f !== 'neg') return undefined;
  const [plain] = x.inputs;
  switch (node.op) {
    case 'reshape':
      return unary('neg', reshape(plain, node.shape));
    case 'transpose':
      return unary('neg', transpose(plain, node.order));
    case 'slice':
      return unary('neg', slice(plain, node.begin, node.shape, node.strides));
    default:
      return undefined;
  }
};

/** One reshape in place of two. */
export const mergeReshapes: Rule = (node) => {
  if (node.op !== 'reshape' || node.inputs[0].op !== 'reshape') return undefined;
  return reshape(node.inputs[0].inputs[0], node.shape);
};

/** One transposition in place of two; none where only axes of size 1 move. */
export const mergeTransposes: Rule = (node) => {
  if (node.op !== 'transpose') return undefined;
  const [x] = node.inputs;
  if (x.op === 'transpose') {
    return transpose(
      x.inputs[0],
      node.order.map((axis) => x.order[axis] as number),
    );
  }
  const real = node.order.filter((axis) => x.shape[axis] !== 1);
  return real.every((axis, n) => n === 0 || axis > (real[n - 1] as number)) ? reshape(x, node.shape) : undefined;
};

/** The one axis along which a node differs from its operand in size; undefined when there is none or more than one. */
function onlyAxis(a: Shape, b: Shape): number | undefined {
  const axes = a.flatMap((size, n) => (size === b[n] ? [] : [n]));
  return axes.length === 1 ? axes[0] : undefined;
}

function sliceOfConcat(node: SliceNode, parts: readonly Node[], axis: number): Node | undefined {
  if ((node.strides[axis] as number) !== 1) return undefined;
  const begin = node.begin[axis] as number;
  const end = begin + (node.shape[axis] as number);
  if (end - begin === node.inputs[0].shape[axis]) return undefined;
  const taken: Node[] = [];
  let at = 0;
  for (const part of parts) {
    const length = part.shape[axis] as number;
    const from = Math.max(begin - at, 0);
    const to = Math.min(end - at, length);
    if (from < to) taken.push(sliceAxis(part, axis, from, to));
    at += length;
  }
  if (taken.length === 0) return undefined;
  const along = <T>(values: readonly T[], value: T) => values.map((one, n) => (n === axis ? value : one));
  return slice(concat(taken, axis), along(node.begin, 0), node.shape, node.strides);
}

function sliceOfPad(node: SliceNode, margin: PadNode): Node | undefined {
  const [x] = margin.inputs;
  const begin = node.begin.map((from, n) => from - (margin.before[n] as number));
  const last = begin.map((from, n) => from + ((node.shape[n] as number) - 1) * (node.strides[n] as number));
  const size = (n: number) => x.shape[n] as number;
  const outside = begin.some(
    (from, n) => Math.max(from, last[n] as number) < 0 || Math.min(from, last[n] as number) >= size(n),
  );
  if (outside) return full(node.shape, margin.value);
  const inside = begin.every(
    (from, n) => Math.min(from, last[n] as number) >= 0 && Math.max(from, last[n] as number) < size(n),
  );
  return inside ? slice(x, begin, node.shape, node.strides) : undefined;
}

/** A slice of what was sliced, joined or padded is one of the original. */
export const simplifySlice: Rule = (node) => {
  if (node.op !== 'slice' || sizeOf(node.shape) === 0) return undefined;
  const [x] = node.inputs;
  if (x.op === 'slice') {
    const begin = x.begin.map((from, n) => from + (node.begin[n] as number) * (x.strides[n] as number));
    const strides = x.strides.map((stride, n) => stride * (node.strides[n] as number));
    return slice(x.inputs[0], begin, node.shape, strides);
  }
  if (x.op === 'concat') return sliceOfConcat(node, x.inputs, x.axis);
  return x.op === 'pad' ? sliceOfPad(node, x) : undefined;
};

/** What two neighbours in a concatenation are together, if that is simpler. */
function merged(a: Node, b: Node, axis: number): Node | undefined {
  const shape = a.shape.map((size, n) => (n === axis ? size + (b.shape[n] as number) : size));
  const value = scalarOf(a);
  if (value !== undefined && Object.is(value, scalarOf(b))) return full(shape, value);
  if (a.op !== 'slice' || b.op !== 'slice' || a.inputs[0] !== b.inputs[0]) return undefined;
  const plain = a.strides.every((stride) => stride === 1) && b.strides.every((stride) => stride === 1);
  const follows = b.begin.every(
    (from, n) => from === (a.begin[n] as number) + (n === axis ? (a.shape[n] as number) : 0),
  );
  return plain && follows ? slice(a.inputs[0], a.begin, shape) : undefined;
}

/** Concatenations within one another, of neighbouring slices, and with constant margins. */
export const simplifyConcat: Rule = (node) => {
  if (node.op !== 'concat') return undefined;
  const { axis } = node;
  const flat = node.inputs.flatMap((part) => (part.op === 'concat' && part.axis === axis ? part.inputs : [part]));
  const parts: Node[] = [];
  for (const part of flat) {
    const last = parts.at(-1);
    const joined = last && merged(last, part, axis);
    if (joined) parts[parts.length - 1] = joined;
    else parts.push(part);
  }
  if (parts.length < node.inputs.length || flat.length > node.inputs.length) return concat(parts, axis);
  const inner = parts.findIndex((part) => scalarOf(part) === undefined);
  const margins = parts.filter((_, n) => n !== inner);
  const value = scalarOf(margins[0] as Node);
  if (inner < 0 || value === undefined || !margins.every((part) => Object.is(scalarOf(part), value))) return undefined;
  const lengths = (from: readonly Node[]) =>
    node.shape.map((_, n) => (n === axis ? from.reduce((sum, { shape }) => sum + (shape[n] as number), 0) : 0));
  return pad(parts[inner] as Node, lengths(parts.slice(0, inner)), lengths(parts.slice(inner + 1)), value);
};

/** Margins around margins of the same value. */
export const mergePads: Rule = (node) => {
  if (node.op !== 'pad') return undefined;
  const [x] = node.inputs;
  if (Object.is(scalarOf(x), node.value)) return full(node.shape, node.value);
  if (x.op !== 'pad' || !Object.is(x.value, node.value)) return undefined;
  const before = node.before.map((count, n) => count + (x.before[n] as number));
  const after = node.shape.map((size, n) => size - (before[n] as number) - (x.inputs[0].shape[n] as number));
  return pad(x.inputs[0], before, after, node.value);
};

/** The parts of a node between zeros, along one axis. */
interface Segments {
  readonly axis: number;
  readonly parts: readonly { readonly begin: number; readonly node: Node }[];
}

function segmentsOf(node: Node): Segments | undefined {
  if (node.op === 'pad' && node.value === 0) {
    const axis = onlyAxis(node.inputs[0].shape, node.shape);
    return axis === undefined
      ? undefined
      : { axis, parts: [{ begin: node.before[axis] as number, node: node.inputs[0] }] };
  }
  if (node.op !== 'concat' || !node.inputs.some((part) => scalarOf(part) === 0)) return undefined;
  let at = 0;
  const parts = node.inputs.map((part) => {
    const begin = at;
    at += part.shape[node.axis] as number;
    return { begin, node: part };
  });
  return { axis: node.axis, parts: parts.filter((part) => scalarOf(part.node) !== 0) };
}

/** The sum of two nodes that are nowhere both nonzero, by putting their parts side by side. */
function interlocked(a: Node, b: Node): Node | undefined {
  const first = segmentsOf(a);
  const second = first && segmentsOf(b);
  if (!second || first.axis !== second.axis || !sameNumbers(a.shape, b.shape)) return undefined;
  const { axis } = first;
  const parts = [...first.parts, ...second.parts].sort((x, y) => x.begin - y.begin);
  const joined: Node[] = [];
  let at = 0;
  const zeros = (upTo: number) => {
    if (upTo > at)
      joined.push(
        full(
          a.shape.map((size, n) => (n === axis ? upTo - at : size)),
          0,
        ),
      );
  };
  for (const { begin, node } of parts) {
    if (begin < at) return undefined;
    zeros(begin);
    joined.push(node);
    at = begin + (node.shape[axis] as number);
  }
  zeros(a.shape[axis] as number);
  return concat(joined, axis);
}

/** Sums of padded parts, as gradients of slices are, become concatenations. */
export const simplifyPaddedSum: Rule = (node) => {
  if (node.op !== 'binary' || node.f !== 'add') return undefined;
  const [a, b] = node.inputs;
  const both = interlocked(a, b);
  if (both) return both;
  for (const [sum, part] of [
    [a, b],
    [b, a],
  ] as const) {
    if (sum.op !== 'binary' || sum.f !== 'add' || !sameNumbers(sum.shape, part.shape)) continue;
    for (const [one, other] of [sum.inputs, [sum.inputs[1], sum.inputs[0]]] as const) {
      const joined = interlocked(one, part);
      if (joined) return { ...node, inputs: [other, joined] };
    }
  }
  return undefined;
};

/** Gathering and scattering at places known now and evenly apart is slicing and padding. */
export const simplifyIndexed: Rule = (node) => {
  if (node.op !== 'gather' && node.op !== 'scatterAdd') return undefined;
  const [x, indices] = node.inputs;
  if (!isKnown(indices) || sizeOf(node.shape) === 0 || sizeOf(x.shape) === 0) return undefined;
  const places = knownValue(indices);
  const first = places[0] as number;
  const stride = places.length > 1 ? (places[1] as number) - first : 1;
  const length = (node.op === 'gather' ? x : node).shape[node.axis] as number;
  const even = places.every(
    (place, n) => Number.isInteger(place) && place >= 0 && place < length && place === first + n * stride,
  );
  if (!even || stride === 0) return undefined;
  const along = (value: number, otherwise: number) => node.shape.map((_, n) => (n === node.axis ? value : otherwise));
  if (node.op === 'gather') return slice(x, along(first, 0), node.shape, along(stride, 1));
  return stride === 1 ? pad(x, along(first, 0), along(length - first - places.length, 0)) : undefined;
};
