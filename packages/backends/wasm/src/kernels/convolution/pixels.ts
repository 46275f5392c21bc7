import type { Table } from '../product/product.ts';

/** Images in memory, all channels of a pixel together. */
export interface Images {
  readonly address: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Places along an axis of an image: `count` of them from `first` on, `step` apart; some may lie outside of it. */
export interface Places {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Adds the addresses of the pixels at these places of all images, row by row, and of zeros for those outside. */
export function pixels({ address, height, width, channels }: Images, rows: Places, columns: Places) {
  const bytes = 4 * channels;
  const perImage = rows.count * columns.count;
  return (table: Table, first: number, count: number, channel = 0): void => {
    const { numbers, zeros } = table;
    let image = Math.floor(first / perImage);
    let row = Math.floor((first % perImage) / columns.count);
    let column = first % columns.count;
    let { at } = table;
    const base = address + 4 * channel;
    for (const end = at + count; at < end; ) {
      const y = rows.first + row * rows.step;
      const inside = y >= 0 && y < height;
      const start = base + (image * height + y) * width * bytes;
      for (; column < columns.count && at < end; column++) {
        const x = columns.first + column * columns.step;
        numbers[at++] = inside && x >= 0 && x < width ? start + x * bytes : zeros;
      }
      if (column === columns.count) {
        column = 0;
        if (++row === rows.count) {
          row = 0;
          image++;
        }
      }
    }
    table.at = at;
  };
}
