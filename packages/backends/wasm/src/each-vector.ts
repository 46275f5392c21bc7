import type { FunctionBuilder, Local, Value } from '@neural-ode/assembler';

/** Reads the next components from where a tensor begins: four, or one with zeros behind it. */
export type Load = (tensor: Local<'i32'>) => Value<'v128'>;
/** Writes them. */
export type Store = (tensor: Local<'i32'>, value: Local<'v128'>) => void;

/** Emits `body` for every component of tensors of so many bytes: by fours, and then one by one for up to three left. */
export function eachVector(f: FunctionBuilder, bytes: Local<'i32'>, body: (load: Load, store: Store) => void): void {
  const index = f.local('i32');
  f.set(index, 0);
  const at = (tensor: Local<'i32'>) => f.i32.add(tensor, index);
  const pass = (width: number, load: Load, store: Store) => {
    const end = f.let(f.i32.and(bytes, -width));
    f.block((done) => {
      f.loop((again) => {
        f.brIf(done, f.i32.geU(index, end));
        f.scope(() => body(load, store));
        f.set(index, f.i32.add(index, width));
        f.br(again);
      });
    });
  };
  pass(
    16,
    (tensor) => f.v128.load(at(tensor)),
    (tensor, value) => f.v128.store(at(tensor), value),
  );
  pass(
    4,
    (tensor) => f.v128.load32Zero(at(tensor)),
    (tensor, value) => f.v128.store32Lane(at(tensor), value, 0),
  );
}
