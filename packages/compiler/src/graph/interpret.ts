import { binaryFunctions, reduceFunctions, unaryFunctions } from './functions.ts';
import { type Node, type Outputs, type Program, programNodes, type Shape, sizeOf } from './graph.ts';
import { aroundAxis, broadcastStrides, otherAxes, stridesOf } from './shapes.ts';

/** What a program is run on: one array for each leaf, row-major. What the program does not read may be left out. */
export interface ProgramInputs {
  readonly t?: number;
  readonly y?: readonly ArrayLike<number>[];
  readonly parameters?: readonly ArrayLike<number>[];
  readonly cotangent?: readonly ArrayLike<number>[];
  readonly tape?: readonly ArrayLike<number>[];
}

/** Changes values under way, to learn how errors spread. */
export interface Disturbance {
  /** What `node` reads as its operand `index`. */
  operand(values: Float64Array, node: Node, index: number): Float64Array;
  /** What `node` makes. */
  result(values: Float64Array, node: Node): Float64Array;
}

/**
 * Runs a program in plain float64: the reference for compiled code.
 *
 * @throws RangeError when an input that the program reads is missing or has another length
 */
export function interpret<O extends Outputs>(
  program: Program<O>,
  inputs: ProgramInputs,
  disturbance: Disturbance = none,
): { readonly [K in keyof O]: Float64Array[] } {
  const values = evaluate(programNodes(program), inputs, disturbance);
  const read = (node: Node) => values.get(node) as Float64Array;
  return Object.fromEntries(Object.entries(program.outputs).map(([name, nodes]) => [name, nodes.map(read)])) as {
    readonly [K in keyof O]: Float64Array[];
  };
}

const none: Disturbance = { operand: (values) => values, result: (values) => values };

function evaluate(
  nodes: readonly Node[],
  inputs: ProgramInputs,
  { operand, result }: Disturbance,
): Map<Node, Float64Array> {
  const values = new Map<Node, Float64Array>();
  for (const node of nodes) {
    const operands = node.inputs.map((input, n) => operand(values.get(input) as Float64Array, node, n));
    values.set(node, result(apply(node, operands, inputs), node));
  }
  return values;
}

/** Calls `visit` with the place of each element of `shape` in each of several operands that advance by given strides. */
function walk(
  shape: Shape,
  starts: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (out: number, places: readonly number[]) => void,
): void {
  const places = [...starts];
  const counters: number[] = new Array(shape.length).fill(0);
  const size = sizeOf(shape);
  for (let out = 0; out < size; out++) {
    visit(out, places);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (counters[axis] as number) + 1;
      const wrapped = next === shape[axis];
      counters[axis] = wrapped ? 0 : next;
      strides.forEach((operand, n) => {
        const stride = operand[axis] as number;
        places[n] = (places[n] as number) + (wrapped ? stride * (1 - next) : stride);
      });
      if (!wrapped) break;
    }
  }
}

function elementwise(node: Node, operands: readonly Float64Array[], f: (...values: number[]) => number): Float64Array {
  const out = new Float64Array(sizeOf(node.shape));
  const strides = node.inputs.map((input) => broadcastStrides(input.shape, node.shape));
  walk(
    node.shape,
    operands.map(() => 0),
    strides,
    (n, places) => {
      out[n] = f(...operands.map((operand, k) => operand[places[k] as number] as number));
    },
  );
  return out;
}

/** The elements of x at `start` and on by `strides`, in the order of `shape`. */
function strided(x: Float64Array, shape: Shape, start: number, strides: readonly number[]): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  walk(shape, [start], [strides], (n, [place]) => {
    out[n] = x[place as number] as number;
  });
  return out;
}

function apply(node: Node, operands: readonly Float64Array[], inputs: ProgramInputs): Float64Array {
  const [x, second] = operands as [Float64Array, Float64Array];
  const { shape } = node;
  const xShape = node.inputs[0]?.shape ?? [];
  const size = sizeOf(shape);
  switch (node.op) {
    case 'input': {
      const { role, index } = node;
      const given =
        role === 't' ? [inputs.t ?? Number.NaN] : inputs[role === 'parameter' ? 'parameters' : role]?.[index];
      const value = Float64Array.from(given ?? []);
      if (value.length !== size) throw new RangeError(`The input ${role} ${index} needs ${size} values.`);
      return value;
    }
    case 'constant':
      return node.values;
    case 'unary':
      return x.map(unaryFunctions[node.f]);
    case 'binary':
      return elementwise(node, operands, binaryFunctions[node.f]);
    case 'select':
      return elementwise(node, operands, (condition, a, b) => (condition !== 0 ? (a as number) : (b as number)));
    case 'matMul':
      return product(node, x, second);
    case 'reduce': {
      const { start, by } = reduceFunctions[node.f];
      const join = binaryFunctions[by];
      const kept = otherAxes(xShape.length, node.axes);
      const strides = stridesOf(shape);
      const target = xShape.map((_, n) => (kept.includes(n) ? (strides[kept.indexOf(n)] as number) : 0));
      const out = new Float64Array(size).fill(start);
      walk(xShape, [0], [target], (n, [place]) => {
        out[place as number] = join(out[place as number] as number, x[n] as number);
      });
      return out;
    }
    case 'reshape':
      return x;
    case 'transpose': {
      const strides = stridesOf(xShape);
      return strided(
        x,
        shape,
        0,
        node.order.map((axis) => strides[axis] as number),
      );
    }
    case 'slice': {
      const strides = stridesOf(xShape);
      const start = node.begin.reduce((sum, begin, n) => sum + begin * (strides[n] as number), 0);
      return strided(
        x,
        shape,
        start,
        node.strides.map((stride, n) => stride * (strides[n] as number)),
      );
    }
    case 'concat': {
      const { outer } = aroundAxis(shape, node.axis);
      const out = new Float64Array(size);
      let at = 0;
      for (let row = 0; row < outer; row++) {
        for (const part of operands) {
          const length = part.length / outer;
          out.set(part.subarray(row * length, (row + 1) * length), at);
          at += length;
        }
      }
      return out;
    }
    case 'pad': {
      const out = new Float64Array(size).fill(node.value);
      const strides = stridesOf(shape);
      const start = node.before.reduce((sum, before, n) => sum + before * (strides[n] as number), 0);
      walk(xShape, [start], [strides], (n, [place]) => {
        out[place as number] = x[n] as number;
      });
      return out;
    }
    case 'broadcast':
      return strided(x, shape, 0, broadcastStrides(xShape, shape));
    case 'gather':
    case 'scatterAdd': {
      const gathers = node.op === 'gather';
      const { outer, inner } = aroundAxis(shape, node.axis);
      const length = (gathers ? xShape : shape)[node.axis] as number;
      const out = new Float64Array(size);
      for (let row = 0; row < outer; row++) {
        for (let i = 0; i < second.length; i++) {
          const index = Math.min(Math.max(Math.trunc(second[i] as number), 0), length - 1);
          for (let column = 0; column < inner; column++) {
            const one = (row * second.length + i) * inner + column;
            const other = (row * length + index) * inner + column;
            if (gathers) out[one] = x[other] as number;
            else out[other] = (out[other] as number) + (x[one] as number);
          }
        }
      }
      return out;
    }
    case 'scan': {
      const { start, by } = reduceFunctions[node.f];
      const join = binaryFunctions[by];
      const { outer, size: length, inner } = aroundAxis(shape, node.axis);
      const out = new Float64Array(size);
      for (let row = 0; row < outer; row++) {
        for (let column = 0; column < inner; column++) {
          let running: number = start;
          for (let step = 0; step < length; step++) {
            const at = (row * length + (node.reverse ? length - 1 - step : step)) * inner + column;
            const next = join(running, x[at] as number);
            out[at] = node.exclusive ? running : next;
            running = next;
          }
        }
      }
      return out;
    }
  }
}

function product(node: Node & { readonly op: 'matMul' }, a: Float64Array, b: Float64Array): Float64Array {
  const [nodeA, nodeB] = node.inputs;
  const batch = node.shape.slice(0, -2);
  const [rows, columns] = node.shape.slice(-2) as [number, number];
  const [aRows, aColumns] = nodeA.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = nodeB.shape.slice(-2) as [number, number];
  const inner = node.transposeA ? aRows : aColumns;
  const batchStrides = [nodeA, nodeB].map(({ shape }) => broadcastStrides(shape.slice(0, -2), batch));
  const out = new Float64Array(sizeOf(node.shape));
  walk(batch, [0, 0], batchStrides, (n, [placeA, placeB]) => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const atA = (placeA as number) * aRows * aColumns + (node.transposeA ? k * aColumns + i : i * aColumns + k);
          const atB = (placeB as number) * bRows * bColumns + (node.transposeB ? j * bColumns + k : k * bColumns + j);
          sum += (a[atA] as number) * (b[atB] as number);
        }
        out[(n * rows + i) * columns + j] = sum;
      }
    }
  });
  return out;
}
