import { NeuralOdeError } from '@neural-ode/core';
import type { TfjsModule } from './tfjs-module.ts';

/** Shared by several installs of this package. */
const guarded: unique symbol = Symbol.for('neural-ode/guarded');

/**
 * Mends what tfjs does with its module, once: an allocation that fails throws a NeuralOdeError, since tfjs does not look at
 * what malloc returns and would compute on the memory's first bytes; and when the backend ends, the process keeps its
 * listeners, all of which the glue removes, whoever added them.
 */
export function guard(module: TfjsModule & { [guarded]?: true }): void {
  if (module[guarded]) return;
  const { malloc, dispose } = module.asm;
  module._malloc = (bytes) => {
    const address = malloc(bytes);
    if (address !== 0) return address;
    throw new NeuralOdeError(
      'memory',
      `TensorFlow.js has no memory left for a tensor of ${bytes} bytes on wasm, which holds 4 GiB at most: dispose tensors ` +
        'that are not needed, or compute on smaller batches.',
    );
  };
  module.tfjs.dispose = dispose;
  module[guarded] = true;
}
