import * as tf from '@tensorflow/tfjs-core';

type Kernel = tf.KernelFunc;
type Call = Parameters<Kernel>[0];

/** What of a kernel's inputs and attributes is looked at here. */
interface Attributes {
  readonly axis: number;
  readonly reverse: boolean;
  readonly dtype: string;
  readonly paddings: [number, number][];
  readonly constantValue: number;
  readonly numSegments: number;
}

/** Kernels of tfjs that are wrong on webgpu, and what each is replaced by. No error is thrown there, nor here. */
const repairs: Readonly<Record<string, (stock: Kernel) => Kernel>> = {
  Cumsum: fromTheStart,
  Cumprod: fromTheStart,
  // A bool keeps its integers under the name of float32, which the shader of a transposition cannot read.
  Cast: (stock) => (call) => {
    const cast = made(stock(call));
    const { dtype } = call.inputs.x as tf.Tensor;
    if (attributesOf(call).dtype !== 'float32' || dtype === 'float32' || dtype === 'complex64') return cast;
    return tf.mul(cast, 1);
  },
  // A shader has 8 buffers, its output included; with more it does not run, and the sum is whatever was in memory.
  AddN: (stock) => (call) => {
    let terms = Object.values(call.inputs) as tf.Tensor[];
    while (terms.length > most) {
      const sum = made(stock({ ...call, inputs: terms.slice(0, most) as unknown as Call['inputs'] }));
      terms = [sum, ...terms.slice(most)];
    }
    return stock({ ...call, inputs: terms as unknown as Call['inputs'] });
  },
  // The shader knows four axes: of more, the first three are padded before the others.
  PadV2: (stock) => (call) => {
    const { paddings, constantValue } = attributesOf(call);
    const x = call.inputs.x as tf.Tensor;
    if (x.rank <= 4) return stock(call);
    const [outer, inner] = [paddings.slice(0, 3), paddings.slice(3)];
    const [behind, last] = [tf.util.sizeFromShape(x.shape.slice(3)), x.shape.slice(3)];
    const first = tf.pad(tf.reshape(x, [...x.shape.slice(0, 3), behind]), [...outer, [0, 0]], constantValue);
    const before = first.shape.slice(0, 3);
    const all = tf.pad(tf.reshape(first, [tf.util.sizeFromShape(before), ...last]), [[0, 0], ...inner], constantValue);
    return tf.reshape(all, [...before, ...all.shape.slice(1)]);
  },
  // A row whose segment there is none of was added to another: here it goes to one more, which is cut off.
  UnsortedSegmentSum: (stock) => (call) => {
    const { numSegments } = attributesOf(call);
    const ids = call.inputs.segmentIds as tf.Tensor;
    const known = tf.logicalAnd(tf.greaterEqual(ids, 0), tf.less(ids, numSegments));
    const segmentIds = tf.where(known, ids, tf.fill(ids.shape, numSegments, 'int32'));
    const inputs = { ...call.inputs, segmentIds };
    return tf.slice(made(stock({ ...call, inputs, attrs: { numSegments: numSegments + 1 } })), 0, numSegments);
  },
};

const most = 7;

/** The shader of a sum or product from the end on is compiled for the first length met, and kept for all. */
function fromTheStart(stock: Kernel): Kernel {
  return (call) => {
    const { axis, reverse } = attributesOf(call);
    if (!reverse) return stock(call);
    const x = tf.reverse(call.inputs.x as tf.Tensor, axis);
    return tf.reverse(made(stock({ ...call, inputs: { x }, attrs: { ...call.attrs, reverse: false } })), axis);
  };
}

/** Puts the repaired kernels in the place of tfjs's; again it does nothing. */
export function repairKernels(): void {
  for (const [kernelName, repair] of Object.entries(repairs)) {
    const stock = tf.getKernel(kernelName, 'webgpu');
    if (!stock || repaired.has(stock)) continue;
    const kernel = repair(stock.kernelFunc);
    const config: tf.KernelConfig = { ...stock, kernelFunc: (call) => tf.tidy(() => made(kernel(call))) };
    tf.unregisterKernel(kernelName, 'webgpu');
    tf.registerKernel(config);
    repaired.add(config);
  }
}

const repaired = new Set<tf.KernelConfig>();

function attributesOf({ attrs }: Call): Attributes {
  return attrs as unknown as Attributes;
}

/** What a kernel returns, as a tensor that the enclosing tidy disposes. */
function made(result: tf.TensorInfo | tf.TensorInfo[]): tf.Tensor {
  const info = result as tf.TensorInfo;
  // Not by instanceof, which takes either for a tensor.
  return (info as Partial<tf.Tensor>).rank === undefined
    ? tf.engine().makeTensorFromTensorInfo(info)
    : (info as tf.Tensor);
}
