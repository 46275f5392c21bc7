import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Entry, named, Unavailable } from '../entry.ts';

const cc = promisify(execFile);
const wrappers = fileURLToPath(new URL('../../floor', import.meta.url));

/** A floor program to build. */
export interface Floor {
  /** Its source is `<program>.c` in the floor's folder. */
  readonly program: 'van_der_pol' | 'three_body' | 'mlp';
  readonly dtype: Entry['dtype'];
  /** Default `-O3`. */
  readonly optimize?: readonly string[];
  readonly defines?: readonly string[];
  /** What the program reads: a file of that content. */
  readonly input?: () => Uint8Array;
  readonly variant?: string;
}

/** Hand-written C, built on the spot for this very machine. */
export function floor({ program, dtype, optimize = ['-O3'], defines = [], input, variant }: Floor): Entry {
  const implementation = named(`C ${optimize[0]}`, variant);
  return {
    implementation,
    dtype,
    role: 'floor',
    variant,
    start: {
      kind: 'program',
      async command({ floor, temporary }) {
        const source = join(floor, `${program}.c`);
        if (!existsSync(source)) throw new Unavailable(`not available: no ${resolve(source)}`);
        const name = join(temporary, `${program} ${implementation} ${dtype}`.replaceAll(/[^\w-]+/g, '_'));
        const real = dtype === 'float64' ? ['-DREAL=double'] : ['-DREAL=float', '-DSINGLE'];
        await build([
          ...optimize,
          '-march=native',
          ...real,
          ...defines,
          '-DFLAGS=""',
          `-I${resolve(floor)}`,
          `-I${wrappers}`,
          join(wrappers, `serve_${program}.c`),
          '-o',
          name,
          '-lm',
        ]);
        if (!input) return { file: name, args: [] };
        const data = `${name}.bin`;
        writeFileSync(data, input());
        return { file: name, args: [data] };
      },
    },
  };
}

async function build(args: readonly string[]): Promise<void> {
  try {
    await cc('cc', args);
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') throw new Unavailable('not available: no C compiler cc');
    const reason = stderr?.split('\n').find((line) => line.includes('error'));
    throw new Unavailable(`not available: cc fails: ${reason ?? (error as Error).message}`);
  }
}
