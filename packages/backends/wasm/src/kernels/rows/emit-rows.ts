import type { FunctionBuilder, Local, ModuleBuilder } from '@neural-ode/assembler';
import { eachVector } from '../../each-vector.ts';
import { advance, times } from '../times.ts';

/** Moves of rows of so many bytes, a multiple of four. */
export interface Rows {
  /** How many of the indices come before the first one that is not in [0, size). */
  valid(indices: number, count: number, size: number): number;
  /** Copies the rows of these numbers, one behind the other. */
  gather(from: number, indices: number, to: number, count: number, bytes: number): void;
  /** Copies each row so many times. */
  repeat(from: number, to: number, count: number, bytes: number, times: number): void;
  /** Adds each row to the one of its segment's number, if that is in [0, segments). */
  segmentSum(from: number, ids: number, to: number, count: number, bytes: number, segments: number): void;
}

/** Emits them. */
export function emitRows(module: ModuleBuilder): void {
  module.function(
    'valid',
    { indices: 'i32', count: 'i32', size: 'i32' },
    ['i32'],
    (f, { indices, count, size }) => {
      const passed = f.let(f.i32.const(0));
      f.block((done) => {
        times(f, count, () => {
          f.brIf(done, f.i32.geU(f.i32.load(indices), size));
          advance(f, indices, 4);
          advance(f, passed, 1);
        });
      });
      return f.get(passed);
    },
    { export: true },
  );
  module.function(
    'gather',
    { from: 'i32', indices: 'i32', to: 'i32', count: 'i32', bytes: 'i32' },
    [],
    (f, { from, indices, to, count, bytes }) => {
      times(f, count, () => {
        const row = f.let(f.i32.add(from, f.i32.mul(f.i32.load(indices), bytes)));
        copy(f, row, to, bytes);
        advance(f, indices, 4);
        advance(f, to, bytes);
      });
    },
    { export: true },
  );
  module.function(
    'repeat',
    { from: 'i32', to: 'i32', count: 'i32', bytes: 'i32', again: 'i32' },
    [],
    (f, { from, to, count, bytes, again }) => {
      times(f, count, () => {
        times(f, again, () => {
          copy(f, from, to, bytes);
          advance(f, to, bytes);
        });
        advance(f, from, bytes);
      });
    },
    { export: true },
  );
  module.function(
    'segmentSum',
    { from: 'i32', ids: 'i32', to: 'i32', count: 'i32', bytes: 'i32', segments: 'i32' },
    [],
    (f, { from, ids, to, count, bytes, segments }) => {
      times(f, count, () => {
        const id = f.let(f.i32.load(ids));
        f.if(f.i32.ltU(id, segments), () => {
          const row = f.let(f.i32.add(to, f.i32.mul(id, bytes)));
          eachVector(f, bytes, (load, store) => {
            store(row, f.let(f.f32x4.add(load(row), load(from))));
          });
        });
        advance(f, ids, 4);
        advance(f, from, bytes);
      });
    },
    { export: true },
  );
}

function copy(f: FunctionBuilder, from: Local<'i32'>, to: Local<'i32'>, bytes: Local<'i32'>): void {
  eachVector(f, bytes, (load, store) => {
    store(to, f.let(load(from)));
  });
}
