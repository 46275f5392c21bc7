import { mergeBatch, type SampleSizes, sampleCount, splitBatch } from './batch.ts';
import { FieldError, InvalidInputError, SolveError } from './errors.ts';
import { float64Space } from './float64.ts';
import type { BackwardStats, Cotangents, Gradient, GradientTask, Recording, Stats } from './gradient.ts';
import { type Problem, prepare, type StepOptions } from './prepare.ts';
import type { Routine } from './routine.ts';
import { type Solution, type SolveOptions, savedTimes, solveRoutine } from './solve.ts';

/** A batch has none, each sample has its own: so that it is refused where somebody gives it back to be replayed. */
const noMesh = { ts: [] };

type ArrayProblem = Problem<Float64Array, Float64Array>;
type ArrayOptions = StepOptions<Float64Array>;

/**
 * Solves a batch whose samples have step sizes of their own, each as if it were alone.
 *
 * @param problem its field is that of one sample, its state the batch
 * @param options `saveAt` is `'end'` or times; tolerances are numbers, or one for each component of the batch
 * @returns states are batches; `mesh` is empty, each sample has its own in `samples`. After a failure that
 *   is not thrown, what a sample did not reach is NaN
 * @throws SolveError naming the sample; what `solveRoutine` throws
 */
export function* solveSamples(
  problem: ArrayProblem,
  sizes: SampleSizes,
  options: SolveOptions<Float64Array>,
): Routine<Solution<Float64Array>> {
  const { t0, t1 } = problem;
  const { saveAt = 'end' } = options;
  if (typeof saveAt === 'string' && saveAt !== 'end') {
    throw new InvalidInputError(
      'saveAt',
      `saveAt is '${saveAt}' where every sample has steps of its own: ask for 'end' or for times.`,
    );
  }
  const ts = typeof saveAt === 'string' ? [t1] : savedTimes(saveAt, t0, t1);
  const rows = split(problem.y0, sizes);
  const together = yield* solveTogether({ ...problem, y0: rows }, ts, options);
  const solved: Solution<Float64Array>[] = [];
  for (const [n, y0] of rows.entries()) {
    const alone = () => solveRoutine({ ...problem, y0 }, { ...sampleOptions(options, sizes, n), saveAt: ts });
    solved.push(together?.[n] ?? (yield* named(n, alone())));
  }

  const failed = solved.findIndex(({ status }) => status !== 'success');
  const failure = solved[failed]?.failure;
  return {
    ts,
    ys: ts.map((_, at) =>
      merge(
        solved.map(({ ys }, n) => ys[at] ?? missing(rows[n] as Float64Array)),
        sizes,
      ),
    ),
    mesh: noMesh,
    samples: solved,
    stats: total(solved.map(({ stats }) => stats)),
    status: failure?.status ?? 'success',
    failure: failure && { ...failure, message: inSample(failed, failure.message) },
    dispose() {},
  };
}

/** All samples by one call of the stepper, where it has such: those that it leaves are absent. */
function* solveTogether(
  { y0: rows, ...problem }: Omit<ArrayProblem, 'y0'> & { readonly y0: readonly Float64Array[] },
  ts: readonly number[],
  options: SolveOptions<Float64Array>,
): Routine<readonly (Solution<Float64Array> | undefined)[] | undefined> {
  const { t0, t1 } = problem;
  const alike = typeof options.rtol !== 'object' && typeof options.atol !== 'object';
  if (!alike || rows.length === 0 || t0 === t1 || !rows.every(allFinite)) return undefined;
  const task = yield* named(0, prepare({ ...problem, y0: rows[0] as Float64Array }, options));
  const outputs = ts[0] === t0 ? ts : [t0, ...ts];
  const ends = task.stepper.advanceAll?.({ retain: 'end', outputs, ...task }, rows, options.firstStep);
  return ends?.map(
    (end, n) =>
      end && {
        ts,
        ys: ts[0] === t0 ? [rows[n] as Float64Array, ...end.outputs] : end.outputs,
        mesh: { ts: end.ts },
        stats: { evaluations: end.evaluations, accepted: end.accepted, rejected: end.rejected },
        status: 'success',
        dispose() {},
      },
  );
}

/** A strategy over a batch whose samples have step sizes of their own: the strategy given for each, as if it were alone. */
export function perSample(gradient: Gradient, sizes: SampleSizes): Gradient {
  return {
    name: gradient.name,
    record: (task) => recordSamples(gradient, sizes, task as never) as never,
  };
}

function* recordSamples(
  gradient: Gradient,
  sizes: SampleSizes,
  task: GradientTask<Float64Array, Float64Array>,
): Routine<Recording<Float64Array, Float64Array>> {
  const samples: Recording<Float64Array, Float64Array>[] = [];
  for (const [n, y0] of split(task.y0, sizes).entries()) {
    const alone = { ...task, y0, options: sampleOptions(task.options, sizes, n) };
    samples.push(yield* named(n, gradient.record(alone)));
  }
  const { ts } = task;
  return {
    ys: ts.map((_, at) =>
      merge(
        samples.map(({ ys }) => ys[at] as Float64Array),
        sizes,
      ),
    ),
    retained: samples.flatMap(({ retained }) => retained),
    mesh: noMesh,
    samples,
    stats: total(samples.map(({ stats }) => stats)),
    pullback: (cotangents) => pullbackSamples(samples, sizes, task, cotangents),
  };
}

function* pullbackSamples(
  samples: readonly Recording<Float64Array, Float64Array>[],
  sizes: SampleSizes,
  { ts, field, wantTimes }: GradientTask<Float64Array, Float64Array>,
  cotangents: readonly (Float64Array | undefined)[],
): Routine<Cotangents<Float64Array, Float64Array>> {
  const rows = cotangents.map((cotangent) => cotangent && split(cotangent, sizes));
  const parameters = new Float64Array(field.parameters.length);
  const times = wantTimes ? ts.map(() => 0) : undefined;
  const y0: Float64Array[] = [];
  const stats: BackwardStats[] = [];
  for (const [n, sample] of samples.entries()) {
    const back = yield* named(n, sample.pullback(rows.map((row) => row?.[n])));
    y0.push(back.y0);
    stats.push(back.stats);
    back.parameters.forEach((value, i) => {
      parameters[i] = (parameters[i] as number) + value;
    });
    back.ts?.forEach((value, i) => {
      if (times) times[i] = (times[i] as number) + value;
    });
  }
  return { y0: merge(y0, sizes), parameters, ts: times, stats: totalBackward(stats) };
}

/** The samples of a batch, each a copy. */
function split(batch: Float64Array, sizes: SampleSizes): Float64Array[] {
  return splitBatch(batch, sizes, ones(sampleCount(batch, sizes)));
}

/** The inverse of `split`. */
function merge(rows: readonly Float64Array[], sizes: SampleSizes): Float64Array {
  return mergeBatch(rows, sizes, ones(rows.length));
}

function ones(count: number): number[] {
  return new Array(count).fill(1);
}

/** The options for a sample: its own tolerances, where they are given for each component. */
function sampleOptions<O extends ArrayOptions>(options: O, sizes: SampleSizes, n: number): O {
  const { rtol, atol } = options;
  if (typeof rtol !== 'object' && typeof atol !== 'object') return options;
  const own = (value: typeof rtol) => (typeof value === 'object' ? split(value, sizes)[n] : value);
  return { ...options, rtol: own(rtol), atol: own(atol) };
}

/** Names the sample in what a routine throws. */
function* named<T>(n: number, routine: Routine<T>): Routine<T> {
  try {
    return yield* routine;
  } catch (error) {
    if (error instanceof SolveError) {
      const { status, t, h } = error;
      throw new SolveError({ status, t, h, message: inSample(n, error.message) });
    }
    if (error instanceof FieldError) throw new FieldError(error.t, inSample(n, error.message));
    throw error;
  }
}

function inSample(n: number, message: string): string {
  return `In sample ${n}: ${message}`;
}

function allFinite(y: Float64Array): boolean {
  return Number.isFinite(float64Space.norm(y));
}

function missing(row: Float64Array): Float64Array {
  return new Float64Array(row.length).fill(Number.NaN);
}

function total(parts: readonly Stats[]): Stats {
  const sum = { evaluations: 0, accepted: 0, rejected: 0 };
  for (const part of parts) {
    sum.evaluations += part.evaluations;
    sum.accepted += part.accepted;
    sum.rejected += part.rejected;
  }
  return sum;
}

function totalBackward(parts: readonly BackwardStats[]): BackwardStats {
  const errors = parts.flatMap(({ reconstructionError }) =>
    reconstructionError === undefined ? [] : [reconstructionError],
  );
  const sum = { evaluations: 0, vjps: 0 };
  for (const { evaluations, vjps } of parts) {
    sum.evaluations += evaluations;
    sum.vjps += vjps;
  }
  return errors.length > 0 ? { ...sum, reconstructionError: Math.max(...errors) } : sum;
}
