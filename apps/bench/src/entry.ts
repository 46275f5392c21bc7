/** One implementation of one case. */
export interface Entry {
  /** Unique within its case. */
  readonly implementation: string;
  /** What the field computes in. */
  readonly dtype: 'float32' | 'float64';
  /** `'floor'`: hand-written C; `'peer'`: another library. */
  readonly role: 'ours' | 'floor' | 'peer';
  /** Default 1. */
  readonly threads?: number | undefined;
  /** What it does otherwise than the case says, as 'shared steps': it is compared with those that do so too. */
  readonly variant?: string | undefined;
  /** How it starts: within a JavaScript process, or as a program that speaks the line protocol of {@link startProgram}. */
  readonly start: { readonly kind: 'javascript'; make(): Promise<Runner> } | Program;
}

/** One computation in JavaScript, to be repeated. */
export interface Runner {
  /** Computes once; the numbers are compared with the reference before anything is timed. */
  run(): ArrayLike<number>;
  dispose?(): void;
}

/** A program besides Node. */
interface Program {
  readonly kind: 'program';
  /** @throws Unavailable when the program cannot be had */
  command(places: Places): Promise<{ readonly file: string; readonly args: readonly string[] }>;
}

/** Where things lie. */
export interface Places {
  /** Folder of the floor programs and their data. */
  readonly floor: string;
  /** Folder of the clones of torchdiffeq and torch-ACA, when there is one. */
  readonly peers: string | undefined;
  /** Folder for what is made on the way. */
  readonly temporary: string;
}

/** An implementation that has computed its result and waits to be timed. */
export interface Timed {
  readonly result: ArrayLike<number>;
  /** Wall-clock milliseconds of so many computations. */
  time(runs: number): Promise<number>;
  stop(): void;
}

/** An implementation cannot run here; the message is what its row says. */
export class Unavailable extends Error {}

/** An implementation within a JavaScript process. */
export function javascript(
  implementation: string,
  dtype: Entry['dtype'],
  role: Entry['role'],
  make: () => Runner | Promise<Runner>,
  variant?: string,
  threads?: number,
): Entry {
  return {
    threads,
    implementation: named(implementation, variant),
    dtype,
    role,
    variant,
    start: { kind: 'javascript', make: async () => make() },
  };
}

/** An implementation's name with its variant. */
export function named(implementation: string, variant: string | undefined): string {
  return variant === undefined ? implementation : `${implementation}, ${variant}`;
}

/** A runner in this very process. */
export async function startHere(make: () => Promise<Runner>): Promise<Timed> {
  const runner = await make();
  return {
    result: Float64Array.from(runner.run()),
    async time(runs) {
      const start = performance.now();
      for (let n = 0; n < runs; n++) runner.run();
      return performance.now() - start;
    },
    stop: () => runner.dispose?.(),
  };
}
