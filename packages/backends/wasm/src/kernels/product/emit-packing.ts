import type { FunctionBuilder, Local, ModuleBuilder } from '@neural-ode/assembler';
import { advance, times } from '../times.ts';

/**
 * Copies `panels` panels of runs: the addresses of their runs are in `table`, and each run has `steps` neighbours along
 * the inner axis. In a panel the first numbers of its runs come first, then the second ones.
 */
export type PackRuns = (to: number, panelBytes: number, table: number, panels: number, steps: number) => void;

/**
 * Copies panels of `lanes` neighbours: `table` has an address for each of the `steps` along the inner axis. The last panel
 * is filled up with zeros.
 */
export type PackLanes = (to: number, panelBytes: number, table: number, lanes: number, steps: number) => void;

/** Emits `packRuns` for panels of `width` rows or columns, a multiple of four. */
export function emitPackRuns(module: ModuleBuilder, width: number): void {
  module.function(
    `packRuns${width}`,
    { to: 'i32', panelBytes: 'i32', table: 'i32', panels: 'i32', steps: 'i32' },
    [],
    (f, { to, panelBytes, table, panels, steps }) => {
      times(f, panels, () => {
        const at = f.let(to);
        const runs = Array.from({ length: width }, (_, n) => f.let(f.i32.load(table, 4 * n)));
        const move = (bytes: number) => {
          for (const run of runs) advance(f, run, bytes);
          advance(f, at, bytes * width);
        };
        times(f, f.let(f.i32.shrU(steps, 2)), () => {
          for (let first = 0; first < width; first += 4) {
            f.scope(() => {
              const rows = runs.slice(first, first + 4).map((run) => f.let(f.v128.load(run)));
              for (const [k, column] of transposed(f, rows).entries()) {
                f.v128.store(at, column, (k * width + first) * 4);
              }
            });
          }
          move(16);
        });
        times(f, f.let(f.i32.and(steps, 3)), () => {
          for (const [n, run] of runs.entries()) f.f32.store(at, f.f32.load(run), 4 * n);
          move(4);
        });
        advance(f, table, 4 * width);
        advance(f, to, panelBytes);
      });
    },
    { export: true },
  );
}

/** Emits `packLanes` for panels of `width` rows or columns, a multiple of four. */
export function emitPackLanes(module: ModuleBuilder, width: number): void {
  module.function(
    `packLanes${width}`,
    { to: 'i32', panelBytes: 'i32', table: 'i32', lanes: 'i32', steps: 'i32' },
    [],
    (f, { to, panelBytes, table, lanes, steps }) => {
      const offset = f.let(f.i32.const(0));
      const eachStep = (copy: (from: Local<'i32'>, at: Local<'i32'>) => void) => {
        f.scope(() => {
          const [entry, at] = [f.let(table), f.let(to)];
          times(f, steps, () => {
            copy(f.let(f.i32.add(f.i32.load(entry), offset)), at);
            advance(f, entry, 4);
            advance(f, at, 4 * width);
          });
        });
        advance(f, to, panelBytes);
        advance(f, offset, 4 * width);
      };
      times(f, f.let(f.i32.divU(lanes, width)), () => {
        eachStep((from, at) => {
          for (let byte = 0; byte < 4 * width; byte += 16) f.v128.store(at, f.v128.load(from, byte), byte);
        });
      });
      const rest = f.let(f.i32.remU(lanes, width));
      f.if(rest, () => {
        eachStep((from, at) => {
          for (let byte = 0; byte < 4 * width; byte += 16) f.v128.store(at, f.f32x4.const(0), byte);
          const lane = f.let(at);
          times(f, rest, () => {
            f.f32.store(lane, f.f32.load(from));
            advance(f, lane, 4);
            advance(f, from, 4);
          });
        });
      });
    },
    { export: true },
  );
}

/** Four vectors of four, transposed by interleaving them twice. */
function transposed(f: FunctionBuilder, rows: readonly Local<'v128'>[]): Local<'v128'>[] {
  const interleaved = (half: readonly Local<'v128'>[]) => {
    const [a, b, c, d] = half as [Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>];
    return [
      [a, c, [0, 4, 1, 5]],
      [a, c, [2, 6, 3, 7]],
      [b, d, [0, 4, 1, 5]],
      [b, d, [2, 6, 3, 7]],
    ].map(([x, y, lanes]) => f.let(f.f32x4.pick(x as Local<'v128'>, y as Local<'v128'>, lanes as number[])));
  };
  return interleaved(interleaved(rows));
}
