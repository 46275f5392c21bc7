import {
  binary,
  broadcast,
  concat,
  constant,
  full,
  gather,
  input,
  matMul,
  pad,
  reduce,
  reshape,
  scalar,
  scan,
  scatterAdd,
  select,
  slice,
  transpose,
  unary,
} from './build.ts';
import {
  type BinaryFunction,
  type InputNode,
  type Node,
  type Shape,
  type SlopeProgram,
  sizeOf,
  type UnaryFunction,
} from './graph.ts';
import type { ProgramInputs } from './interpret.ts';
import { broadcastShapes } from './shapes.ts';

/** What a random program may hold. */
export interface RandomOptions {
  /** The same seed makes the same program. */
  readonly seed: number;
  /** How many operations; default 30. */
  readonly operations?: number;
  /** The largest number of axes; default 3. */
  readonly rank?: number;
  /** How long an axis may be; default 1, 1, 2, 3, 4, 5. */
  readonly sizes?: readonly number[];
  /**
   * Whether operations that jump (comparisons, rounding, remainders) may depend on computed values. They then amplify a
   * rounding, so such programs can only be compared with code that rounds alike. Default false: they read inputs only.
   */
  readonly jumps?: boolean;
}

/** Uniform numbers in [0, 1) (mulberry32, Tommy Ettinger 2017, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const smooth: readonly UnaryFunction[] = ['neg', 'abs', 'sin', 'cos', 'atan', 'tanh', 'sigmoid', 'softplus', 'erf'];
const jumping: readonly UnaryFunction[] = ['floor', 'ceil', 'round', 'trunc'];
const comparisons: readonly BinaryFunction[] = ['equal', 'notEqual', 'less', 'lessEqual'];

/**
 * A random program and inputs for it, to compare ways of running it. Operands of functions that grow or have a limited
 * domain are brought into it, so that nearly all values are finite and of moderate size.
 */
export function randomProgram(options: RandomOptions): { program: SlopeProgram; inputs: Required<ProgramInputs> } {
  const random = randomNumbers(options.seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const rank = options.rank ?? 3;
  const sizes = options.sizes ?? [1, 1, 2, 3, 4, 5];
  const shapeOf = (count: number): Shape => Array.from({ length: count }, () => pick(sizes));

  const t = input('t', 0, []);
  const y = Array.from({ length: 1 + below(2) }, (_, n) => input('y', n, shapeOf(1 + below(rank))));
  const parameters = Array.from({ length: below(3) }, (_, n) => input('parameter', n, shapeOf(below(rank + 1))));
  const given: readonly InputNode[] = [t, ...y, ...parameters];
  const nodes: Node[] = [...given, scalar(pick([0, 1, -1, 2, 0.5])), full(shapeOf(2), pick([0, 1, 3]))];

  const tame = (x: Node) => unary('tanh', x);
  const fits = (a: Node, b: Node) => {
    try {
      return sizeOf(broadcastShapes(a.shape, b.shape)) <= 400;
    } catch {
      return false;
    }
  };
  const partner = (a: Node) => pick([a, ...nodes.filter((b) => fits(a, b))]);
  const exactOf = (x: Node) => (options.jumps || x.op === 'input' ? x : pick(given));
  const axisOf = (x: Node) => below(x.shape.length);

  const makers: readonly ((x: Node) => Node | undefined)[] = [
    (x) => unary(pick(smooth), x),
    (x) => unary('exp', tame(x)),
    (x) => unary('expm1', tame(x)),
    (x) => unary('log', unary('softplus', x)),
    (x) => unary('log1p', unary('sigmoid', x)),
    (x) => unary('sqrt', unary('softplus', x)),
    (x) => unary(pick(jumping), exactOf(x)),
    (x) => binary(pick(['add', 'sub', 'max', 'min'] as const), x, partner(x)),
    (x) => binary('mul', tame(x), partner(x)),
    (x) => binary('add', x, partner(x)),
    (x) => binary('div', x, binary('add', unary('abs', partner(x)), scalar(1))),
    (x) => binary('pow', unary('sigmoid', x), scalar(pick([0, 1, 2, 3, 4, -1, -2, 0.5, 1.5, -0.5, 0.3]))),
    (x) => binary('pow', unary('sigmoid', x), tame(partner(x))),
    (x) => binary('atan2', x, binary('add', unary('abs', partner(x)), scalar(0.1))),
    (x) => binary('mod', exactOf(x), scalar(pick([2, 0.75, -1.5]))),
    (x) => {
      const a = exactOf(x);
      const b = pick([a, ...given.filter((other) => fits(a, other))]);
      return binary(pick(comparisons), a, b);
    },
    (x) => {
      const a = pick(given);
      const condition = binary('less', a, scalar(0.2));
      const other = partner(x);
      return fits(condition, x) && fits(binary('add', x, other), condition) ? select(condition, x, other) : undefined;
    },
    (x) => binary('mul', x, scalar(pick([0, 1, -1, 2, 0.5, 0.1]))),
    (x) => binary('div', x, scalar(pick([1, -1, 2, 3]))),
    (x) => (x.shape.length > 0 ? reduce(pick(['sum', 'max', 'min'] as const), x, [axisOf(x)]) : undefined),
    (x) => (x.shape.length > 0 ? reduce('prod', tame(x), [axisOf(x)]) : undefined),
    (x) => (x.shape.length > 1 ? reduce('sum', x, [0, x.shape.length - 1]) : undefined),
    (x) =>
      reshape(x, pick([[sizeOf(x.shape)], [1, ...x.shape], [...x.shape, 1], x.shape.filter((size) => size !== 1)])),
    (x) => {
      const order = x.shape.map((_, n) => n);
      for (let n = order.length - 1; n > 0; n--) {
        const other = below(n + 1);
        [order[n], order[other]] = [order[other] as number, order[n] as number];
      }
      return transpose(x, order);
    },
    (x) => {
      if (x.shape.length === 0) return undefined;
      const strides = x.shape.map(() => pick([1, 1, 1, 2, -1]));
      const begin = x.shape.map((size, n) => (strides[n] === -1 ? size - 1 : below(size)));
      const size = x.shape.map((length, n) => {
        const most = strides[n] === -1 ? length : Math.ceil((length - (begin[n] as number)) / (strides[n] as number));
        return 1 + below(most);
      });
      return slice(x, begin, size, strides);
    },
    (x) => {
      if (x.shape.length === 0) return undefined;
      const axis = axisOf(x);
      const like = nodes.filter(
        ({ shape }) => shape.length === x.shape.length && shape.every((size, n) => n === axis || size === x.shape[n]),
      );
      return concat([x, pick(like), ...(random() < 0.3 ? [pick(like)] : [])], axis);
    },
    (x) =>
      pad(
        x,
        x.shape.map(() => below(2)),
        x.shape.map(() => below(3)),
        pick([0, 0, 1]),
      ),
    (x) => {
      if (x.shape.length === 0) return undefined;
      const axis = axisOf(x);
      const size = x.shape[axis] as number;
      const cut = below(size);
      const margin = (part: Node, before: number) => {
        const along = (value: number) => part.shape.map((_, n) => (n === axis ? value : 0));
        return pad(part, along(before), along(size - before - (part.shape[axis] as number)));
      };
      const part = (from: number, to: number) => {
        const along = (values: Shape, value: number) => values.map((one, n) => (n === axis ? value : one));
        return slice(
          x,
          along(
            x.shape.map(() => 0),
            from,
          ),
          along(x.shape, to - from),
        );
      };
      // As the gradient of two slices.
      return cut === 0 ? undefined : binary('add', margin(part(0, cut), 0), margin(part(cut, size), cut));
    },
    (x) => broadcast(x, [2, ...x.shape]),
    (x) => {
      if (x.shape.length === 0) return undefined;
      const axis = axisOf(x);
      const places = Array.from({ length: 1 + below(4) }, () => below(x.shape[axis] as number));
      return gather(x, constant(places, [places.length]), axis);
    },
    (x) => {
      if (x.shape.length === 0) return undefined;
      const axis = axisOf(x);
      const places = Array.from({ length: x.shape[axis] as number }, () => below(6));
      return scatterAdd(x, constant(places, [places.length]), axis, 6);
    },
    (x) => (x.shape.length > 0 ? scan('sum', x, axisOf(x), random() < 0.5, random() < 0.5) : undefined),
    (x) => (x.shape.length > 0 ? scan('prod', tame(x), axisOf(x), random() < 0.5, random() < 0.5) : undefined),
    (x) => {
      if (x.shape.length < 2) return undefined;
      const [transposeA, transposeB] = [random() < 0.5, random() < 0.5];
      const inner = x.shape.at(transposeA ? -2 : -1) as number;
      const fitting = nodes.filter(
        ({ shape }) => shape.length === 2 && shape.at(transposeB ? -1 : -2) === inner && sizeOf(shape) <= 300,
      );
      return fitting.length > 0 ? matMul(tame(x), tame(pick(fitting)), transposeA, transposeB) : undefined;
    },
    (x) => (x.shape.length >= 2 ? matMul(tame(x), tame(x), false, true) : undefined),
  ];

  const operations = options.operations ?? 30;
  for (let n = 0; n < operations; n++) {
    const made = pick(makers)(pick(nodes));
    if (made && made.shape.length <= rank + 1 && sizeOf(made.shape) <= 400) nodes.push(made);
  }

  const values = (node: Node) =>
    Float64Array.from({ length: sizeOf(node.shape) }, () => Math.round(random() * 400 - 200) / 100);
  const results = nodes.slice(given.length + 2);
  return {
    program: { inputs: { t, y, parameters, cotangent: [] }, outputs: { slope: results.slice(-8) } },
    inputs: { t: random(), y: y.map(values), parameters: parameters.map(values), cotangent: [], tape: [] },
  };
}
