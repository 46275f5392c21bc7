import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Entry, named, Unavailable } from '../entry.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../peers/torch_peers.py', import.meta.url));

type Method = 'torchdiffeq' | 'torchdiffeq adjoint' | 'torch-ACA' | 'torch-ACA checkpointed';

/** A PyTorch solver on a problem given as JSON. */
export function torch(method: Method, problem: () => object, variant?: string): Entry {
  return {
    implementation: named(method, variant),
    dtype: 'float32',
    role: 'peer',
    variant,
    start: {
      kind: 'program',
      async command({ peers, temporary }) {
        const clone = method.split(' ')[0] as string;
        if (peers === undefined) throw new Unavailable('not installed: NEURAL_ODE_PEERS names no folder of clones');
        if (!existsSync(join(peers, clone))) throw new Unavailable(`not installed: no ${join(peers, clone)}`);
        const file = await python();
        const path = join(temporary, `${method.replaceAll(/\W+/g, '-')}.json`);
        writeFileSync(path, JSON.stringify(problem()));
        return { file, args: [script, peers, method, path] };
      },
    },
  };
}

/** All of them. */
export function torchGradients(problem: () => object): Entry[] {
  const methods = ['torchdiffeq', 'torchdiffeq adjoint', 'torch-ACA', 'torch-ACA checkpointed'] as const;
  return methods.map((method) => torch(method, problem));
}

let found: Promise<string> | undefined;

/** A Python with torch: the first on the path, or Debian's. */
function python(): Promise<string> {
  found ??= (async () => {
    for (const file of ['python3', '/usr/bin/python3']) {
      try {
        await run(file, ['-c', 'import torch']);
        return file;
      } catch {
        // The next one.
      }
    }
    throw new Unavailable('not installed: no python3 with torch (Debian: python3-torch)');
  })();
  return found;
}
