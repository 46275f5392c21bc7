import * as tf from '@tensorflow/tfjs-core';
import { normalNumbers } from './random.ts';

/** One operation of TensorFlow.js on given numbers. */
export interface Operation {
  /** The kernel that it needs, where a backend may lack that. */
  readonly kernel?: string;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly values: Float64Array }[];
  run(inputs: readonly tf.Tensor[]): tf.Tensor;
  /** In double precision. */
  reference(): Float64Array;
}

function given(seed: number, ...shape: number[]): Operation['inputs'][number] {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, values: normalNumbers(seed, size) };
}

export function addition(size: number): Operation {
  const [a, b] = [given(1, size), given(2, size)];
  return {
    inputs: [a, b],
    run: ([x, y]) => tf.add(x as tf.Tensor, y as tf.Tensor),
    reference: () => a.values.map((value, n) => value + (b.values[n] as number)),
  };
}

export function hyperbolicTangent(size: number): Operation {
  const x = given(1, size);
  return { inputs: [x], run: ([y]) => tf.tanh(y as tf.Tensor), reference: () => x.values.map(Math.tanh) };
}

/** a b of squares, either transposed or not. */
export function product(size: number, transposeA: boolean, transposeB: boolean): Operation {
  const [a, b] = [given(1, size, size), given(2, size, size)];
  const strides = (transposed: boolean) => (transposed ? ([1, size] as const) : ([size, 1] as const));
  const [[rowA, innerA], [innerB, columnB]] = [strides(transposeA), strides(transposeB)];
  return {
    inputs: [a, b],
    run: ([x, y]) => tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D, transposeA, transposeB),
    reference() {
      const c = new Float64Array(size * size);
      for (let i = 0; i < size; i++) {
        for (let k = 0; k < size; k++) {
          const left = a.values[i * rowA + k * innerA] as number;
          for (let j = 0; j < size; j++) {
            c[i * size + j] = (c[i * size + j] as number) + left * (b.values[k * innerB + j * columnB] as number);
          }
        }
      }
      return c;
    },
  };
}

/** A convolution 3 x 3 of a batch of square images with as many channels before and after, or one of its gradients. */
export function convolution(
  part: 'forward' | 'dx' | 'dw',
  { batch, side, channels }: { readonly batch: number; readonly side: number; readonly channels: number },
): Operation {
  const image = [batch, side, side, channels] as const;
  const window = [3, 3, channels, channels] as const;
  const [x, w, dy] = [given(1, ...image), given(2, ...window), given(3, ...image)];
  const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };
  const kernel = (name: string, inputs: Record<string, tf.Tensor>, shape: object) =>
    tf.engine().runKernel(name, inputs, { ...attributes, ...shape }) as tf.Tensor;
  const [first, second] = { forward: [x, w], dx: [dy, w], dw: [x, dy] }[part] as [typeof x, typeof x];
  const parts = {
    forward: {
      kernel: 'Conv2D',
      run: ([a, b]: readonly tf.Tensor[]) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same'),
    },
    dx: {
      kernel: 'Conv2DBackpropInput',
      run: ([a, b]: readonly tf.Tensor[]) =>
        kernel('Conv2DBackpropInput', { dy: a as tf.Tensor, filter: b as tf.Tensor }, { inputShape: image }),
    },
    dw: {
      kernel: 'Conv2DBackpropFilter',
      run: ([a, b]: readonly tf.Tensor[]) =>
        kernel('Conv2DBackpropFilter', { x: a as tf.Tensor, dy: b as tf.Tensor }, { filterShape: window }),
    },
  };
  return {
    ...parts[part],
    inputs: [first, second],
    reference() {
      const result = new Float64Array(part === 'dw' ? w.values.length : x.values.length);
      const { values: a } = first;
      const { values: b } = second;
      for (let n = 0; n < batch; n++) {
        for (let row = 0; row < side; row++) {
          for (let column = 0; column < side; column++) {
            for (let i = 0; i < 9; i++) {
              const [up, left] = [row + Math.floor(i / 3) - 1, column + (i % 3) - 1];
              if (up < 0 || left < 0 || up >= side || left >= side) continue;
              const before = ((n * side + up) * side + left) * channels;
              const after = ((n * side + row) * side + column) * channels;
              for (let from = 0; from < channels; from++) {
                const line = (i * channels + from) * channels;
                add(result, a, b, before + from, line, after);
              }
            }
          }
        }
      }
      return result;
    },
  };

  /** What one channel before the window gives to, or gets from, all after it. */
  function add(result: Float64Array, a: Float64Array, b: Float64Array, before: number, line: number, after: number) {
    let sum = 0;
    for (let to = 0; to < channels; to++) {
      if (part === 'forward') {
        result[after + to] = (result[after + to] as number) + (a[before] as number) * (b[line + to] as number);
      } else if (part === 'dx') sum += (a[after + to] as number) * (b[line + to] as number);
      else result[line + to] = (result[line + to] as number) + (a[before] as number) * (b[after + to] as number);
    }
    if (part === 'dx') result[before] = (result[before] as number) + sum;
  }
}
