import type { ArrayFunction, ArrayVjp } from 'neural-ode';

/** A tanh network on plain arrays, and its vector-Jacobian product by hand; see {@link Mlp} for the parameters' order. */
export function mlpArrays(
  sizes: readonly number[],
  batch: number,
  cube: boolean,
): { readonly f: ArrayFunction; readonly vjp: ArrayVjp } {
  const layers = sizes.slice(1).map((outputs, n) => ({ inputs: sizes[n] as number, outputs }));
  const last = layers.length - 1;
  let count = 0;
  const offsets = layers.map(({ inputs, outputs }) => {
    const offset = count;
    count += (inputs + 1) * outputs;
    return offset;
  });
  /** Of one row: what each layer reads, and the network's output. */
  const values = sizes.map((size) => new Float64Array(size));
  const bars = sizes.map((size) => new Float64Array(size));
  const width = sizes[0] as number;
  const back = { y: new Float64Array(width * batch), p: new Float64Array(count) };
  const slope = new Float64Array(width * batch);

  const forward = (y: Float64Array, row: number, p: Float64Array): Float64Array => {
    const input = values[0] as Float64Array;
    for (let i = 0; i < width; i++) {
      const x = y[row * width + i] as number;
      input[i] = cube ? x * x * x : x;
    }
    for (let n = 0; n <= last; n++) {
      const { inputs, outputs } = layers[n] as (typeof layers)[number];
      const x = values[n] as Float64Array;
      const z = values[n + 1] as Float64Array;
      let w = offsets[n] as number;
      const bias = w + inputs * outputs;
      for (let o = 0; o < outputs; o++, w += inputs) {
        const sum = (p[bias + o] as number) + dot(p, w, x, inputs);
        z[o] = n < last ? Math.tanh(sum) : sum;
      }
    }
    return values[last + 1] as Float64Array;
  };

  return {
    f(_t, y, p) {
      for (let row = 0; row < batch; row++) slope.set(forward(y, row, p), row * width);
      return slope;
    },
    vjp(_t, y, v, p) {
      back.p.fill(0);
      for (let row = 0; row < batch; row++) {
        forward(y, row, p);
        (bars[last + 1] as Float64Array).set(v.subarray(row * width, (row + 1) * width));
        for (let n = last; n >= 0; n--) {
          const { inputs, outputs } = layers[n] as (typeof layers)[number];
          const x = values[n] as Float64Array;
          const z = values[n + 1] as Float64Array;
          const zBar = bars[n + 1] as Float64Array;
          const xBar = (bars[n] as Float64Array).fill(0);
          let w = offsets[n] as number;
          const bias = w + inputs * outputs;
          for (let o = 0; o < outputs; o++, w += inputs) {
            const value = z[o] as number;
            const bar = n < last ? (zBar[o] as number) * (1 - value * value) : (zBar[o] as number);
            back.p[bias + o] = (back.p[bias + o] as number) + bar;
            outer(bar, x, back.p, xBar, p, w, inputs);
          }
        }
        const xBar = bars[0] as Float64Array;
        for (let i = 0; i < width; i++) {
          const x = y[row * width + i] as number;
          back.y[row * width + i] = (xBar[i] as number) * (cube ? 3 * x * x : 1);
        }
      }
      return back;
    },
  };
}

/** The product of `count` weights with x, in four sums, since one sum would wait for each addition. */
function dot(weights: Float64Array, start: number, x: Float64Array, count: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < count; i += 4) {
    a += (weights[start + i] as number) * (x[i] as number);
    b += (weights[start + i + 1] as number) * (x[i + 1] as number);
    c += (weights[start + i + 2] as number) * (x[i + 2] as number);
    d += (weights[start + i + 3] as number) * (x[i + 3] as number);
  }
  for (; i < count; i++) a += (weights[start + i] as number) * (x[i] as number);
  return a + b + (c + d);
}

/** Adds the cotangent `bar` of one output to those of its weights and of x. */
function outer(
  bar: number,
  x: Float64Array,
  weightBars: Float64Array,
  xBar: Float64Array,
  weights: Float64Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    weightBars[start + i] = (weightBars[start + i] as number) + bar * (x[i] as number);
    xBar[i] = (xBar[i] as number) + bar * (weights[start + i] as number);
  }
}
