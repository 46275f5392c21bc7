import type { FunctionBuilder } from '@neural-ode/assembler';

/** Runs the body so many times. */
export function emitRepeat(f: FunctionBuilder, count: number, body: () => void): void {
  if (count === 0) return;
  if (count === 1) {
    body();
    return;
  }
  const left = f.local('i32');
  f.set(left, count);
  f.loop((again) => {
    body();
    f.brIf(again, f.tee(left, f.i32.sub(left, 1)));
  });
  f.free(left);
}
