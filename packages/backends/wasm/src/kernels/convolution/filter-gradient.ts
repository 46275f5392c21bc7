import { equallySpaced, matrix } from '../product/matrix.ts';
import type { WriteProducts } from '../product/product.ts';
import { type Images, type Places, pixels } from './pixels.ts';
import type { Axis, Windows } from './windows.ts';

/** The pixels that a place of the filter sees. */
function seenBy(tap: number, { output, stride, dilation, before }: Axis): Places {
  return { first: tap * dilation - before, step: stride, count: output };
}

/** Writes the cotangent of a convolution's filter. */
export function writeFilterGradient(
  write: WriteProducts,
  { height, width, channels: [inputs, outputs], batch }: Windows,
  [x, dy, dw]: readonly [x: number, dy: number, dw: number],
): void {
  const images: Images = { address: x, height: height.input, width: width.input, channels: inputs };
  const taps = Array.from({ length: height.filter * width.filter }, (_, n) => n);
  write({
    inner: batch * height.output * width.output,
    columns: outputs,
    b: matrix(dy, outputs, 'inner'),
    parts: taps.map((tap) => {
      const rows = seenBy(Math.floor(tap / width.filter), height);
      const columns = seenBy(tap % width.filter, width);
      return {
        rows: inputs,
        a: { scattered: 'inner', write: pixels(images, rows, columns) },
        write: equallySpaced(dw + 4 * tap * inputs * outputs, 4 * outputs),
      };
    }),
  });
}
