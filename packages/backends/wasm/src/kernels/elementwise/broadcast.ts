/** Along which of two tensors a run goes; the other one has one number for all of it. */
export type Along = 'both' | 'a' | 'b';

/** How two tensors broadcast: runs of equal length, one for each pair of offsets. */
export interface Runs {
  readonly along: Along;
  /** Numbers in a run. */
  readonly length: number;
  /** Where each run begins in a and b, in numbers; the output's runs follow each other. */
  readonly starts: readonly (readonly [a: number, b: number])[];
}

/** The longest runs of two tensors that broadcast to `shape`. */
export function runsOf(shape: readonly number[], aShape: readonly number[], bShape: readonly number[]): Runs {
  // Axes of size one are left out; neighbours that broadcast alike are one axis.
  const axes: { along: Along; length: number }[] = [];
  for (let n = shape.length; n >= 1; n--) {
    const length = shape.at(-n) as number;
    if (length === 1) continue;
    const inA = (aShape.at(-n) ?? 1) !== 1;
    const inB = (bShape.at(-n) ?? 1) !== 1;
    const along = inA && inB ? 'both' : inA ? 'a' : 'b';
    const last = axes.at(-1);
    if (last?.along === along) last.length *= length;
    else axes.push({ along, length });
  }
  const { along, length } = axes.pop() ?? { along: 'both', length: 1 };
  let [a, b] = [along === 'b' ? 1 : length, along === 'a' ? 1 : length];
  let starts: [number, number][] = [[0, 0]];
  for (const axis of axes.reverse()) {
    const [stepA, stepB] = [axis.along === 'b' ? 0 : a, axis.along === 'a' ? 0 : b];
    starts = Array.from({ length: axis.length }, (_, n) => n).flatMap((n) =>
      starts.map(([atA, atB]): [number, number] => [atA + n * stepA, atB + n * stepB]),
    );
    if (stepA) a *= axis.length;
    if (stepB) b *= axis.length;
  }
  return { along, length, starts };
}
