import type { FunctionBuilder, Local, ModuleBuilder } from '@neural-ode/assembler';
import { advance, times } from '../times.ts';

/** Rows and columns of the tile of the result that is kept in registers. */
export const tile = { rows: 4, columns: 8 } as const;

/**
 * The product of panels of rows and of columns. Those of a are packed; of b the panels and, in a panel, the steps lie so many
 * bytes apart. `table` has the address of each of the result's rows, as many as the panels have, and `columns` of it are
 * written, or added to what is there where `add` is 1.
 */
export type Tiles = (
  a: number,
  b: number,
  panelBytes: number,
  stepBytes: number,
  table: number,
  rowPanels: number,
  columns: number,
  steps: number,
  add: number,
) => void;

/** Emits `tiles`. */
export function emitTiles(module: ModuleBuilder): void {
  module.function(
    'tiles',
    {
      a: 'i32',
      b: 'i32',
      panelBytes: 'i32',
      stepBytes: 'i32',
      table: 'i32',
      rowPanels: 'i32',
      columns: 'i32',
      steps: 'i32',
      add: 'i32',
    },
    [],
    (f, { a, b, panelBytes, stepBytes, table, rowPanels, columns, steps, add }) => {
      const offset = f.let(f.i32.const(0));
      const panel = (store: (row: Local<'i32'>, sums: readonly Local<'v128'>[]) => void) => {
        f.scope(() => {
          const [left, entry] = [f.let(a), f.let(table)];
          times(f, rowPanels, () => {
            const sums = emitSums(f, left, { b, stepBytes }, steps);
            for (let row = 0; row < tile.rows; row++) {
              f.scope(() => {
                store(f.let(f.i32.add(f.i32.load(entry, 4 * row), offset)), sums.slice(2 * row, 2 * row + 2));
              });
            }
            advance(f, entry, 4 * tile.rows);
          });
        });
        advance(f, b, panelBytes);
        advance(f, offset, 4 * tile.columns);
      };
      times(f, f.let(f.i32.divU(columns, tile.columns)), () => {
        panel((row, sums) => {
          f.if(add, () => {
            sums.forEach((sum, n) => {
              f.set(sum, f.f32x4.add(sum, f.v128.load(row, 16 * n)));
            });
          });
          sums.forEach((sum, n) => {
            f.v128.store(row, sum, 16 * n);
          });
        });
      });
      const rest = f.let(f.i32.remU(columns, tile.columns));
      f.if(rest, () => {
        panel((row, sums) => {
          f.block((done) => {
            for (let column = 0; column < tile.columns; column++) {
              f.brIf(done, f.i32.leU(rest, column));
              const sum = f.let(f.f32x4.extractLane(sums[column >> 2] as Local<'v128'>, column & 3));
              f.if(add, () => {
                f.set(sum, f.f32.add(sum, f.f32.load(row, 4 * column)));
              });
              f.f32.store(row, sum, 4 * column);
            }
          });
        });
      });
    },
    { export: true },
  );
}

/** The sums of one tile over all steps, two vectors a row; `left` goes on to the next panel. */
function emitSums(
  f: FunctionBuilder,
  left: Local<'i32'>,
  { b, stepBytes }: { b: Local<'i32'>; stepBytes: Local<'i32'> },
  steps: Local<'i32'>,
): Local<'v128'>[] {
  const sums = Array.from({ length: 2 * tile.rows }, () => f.let(f.f32x4.const(0)));
  const right = f.let(b);
  const columns = [f.local('v128'), f.local('v128')];
  const splat = f.local('v128');
  // One step a turn: V8 puts all loads of straight code first, so several steps spill the sums to memory.
  times(f, steps, () => {
    columns.forEach((column, n) => {
      f.set(column, f.v128.load(right, 16 * n));
    });
    for (let row = 0; row < tile.rows; row++) {
      f.set(splat, f.v128.load32Splat(left, 4 * row));
      columns.forEach((column, n) => {
        const sum = sums[2 * row + n] as Local<'v128'>;
        f.set(sum, f.f32x4.fma(splat, column, sum));
      });
    }
    advance(f, left, 4 * tile.rows);
    advance(f, right, stepBytes);
  });
  return sums;
}
