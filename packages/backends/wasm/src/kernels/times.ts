import type { FunctionBuilder, Local } from '@neural-ode/assembler';

/** Emits a loop that runs `body` so many times; not at all for zero. */
export function times(f: FunctionBuilder, count: Local<'i32'>, body: () => void): void {
  const left = f.let(count);
  f.if(left, () => {
    f.loop((again) => {
      f.scope(body);
      f.brIf(again, f.tee(left, f.i32.sub(left, 1)));
    });
  });
  f.free(left);
}

/** Emits the step of a pointer or counter. */
export function advance(f: FunctionBuilder, pointer: Local<'i32'>, by: Local<'i32'> | number): void {
  f.set(pointer, f.i32.add(pointer, by));
}
