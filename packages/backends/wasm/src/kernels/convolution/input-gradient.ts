import { matrix } from '../product/matrix.ts';
import type { Operand, WriteProducts } from '../product/product.ts';
import { type Images, type Places, pixels } from './pixels.ts';
import type { Axis, Windows } from './windows.ts';

/** What the pixels of one phase get: those whose places along an axis are equal modulo the stride. */
interface Phase {
  /** The pixels. */
  readonly places: Places;
  /** The filter's places that reach them, and from which outputs. */
  readonly taps: readonly { readonly tap: number; readonly outputs: Places }[];
}

/** Pixels of different phases are reached by different places of the filter: no time goes into zeros between outputs. */
function phases({ input, filter, stride, dilation, before }: Axis): Phase[] {
  return Array.from({ length: Math.min(stride, input) }, (_, first) => {
    const count = Math.ceil((input - first) / stride);
    const taps = Array.from({ length: filter }, (_, tap) => ({ tap, reach: first + before - tap * dilation }))
      .filter(({ reach }) => reach % stride === 0)
      .map(({ tap, reach }) => ({ tap, outputs: { first: reach / stride, step: 1, count } }));
    return { places: { first, step: stride, count }, taps };
  });
}

/** Cotangents of outputs, and the filter by which they were made: addresses. */
export interface Layer {
  readonly dy: number;
  readonly filter: number;
}

/**
 * Writes the cotangent of what convolutions of these sizes read, the sum over their outputs: one for images, several for a
 * layer of volumes. Where no window reaches it must be zero before.
 */
export function writeInputGradient(
  write: WriteProducts,
  { height, width, channels: [inputs, outputs], batch }: Windows,
  layers: readonly Layer[],
  dx: number,
): void {
  const to: Images = { address: dx, height: height.input, width: width.input, channels: inputs };
  for (const vertical of phases(height)) {
    for (const horizontal of phases(width)) {
      const taps = layers.flatMap(({ dy, filter }) => {
        const from: Images = { address: dy, height: height.output, width: width.output, channels: outputs };
        return vertical.taps.flatMap((v) =>
          horizontal.taps.map((h) => {
            const place = filter + 4 * (v.tap * width.filter + h.tap) * inputs * outputs;
            return { seen: pixels(from, v.outputs, h.outputs), weights: matrix(place, outputs, 'outer').write };
          }),
        );
      });
      // Along the inner axis the taps follow each other, each with all its channels.
      const byTap = (side: (tap: (typeof taps)[number]) => Operand['write']): Operand => ({
        scattered: 'outer',
        run: outputs,
        write: (table, first, count, at) => {
          side(taps[Math.floor(at / outputs)] as (typeof taps)[number])(table, first, count, at % outputs);
        },
      });
      const { places } = vertical;
      write({
        inner: taps.length * outputs,
        columns: inputs,
        b: byTap(({ weights }) => weights),
        parts: [
          {
            rows: batch * places.count * horizontal.places.count,
            a: byTap(({ seen }) => seen),
            write: pixels(to, places, horizontal.places),
          },
        ],
      });
    }
  }
}
