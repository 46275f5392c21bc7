import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { positive, whole } from '../arguments.ts';
import type { Io } from '../command-line/io.ts';
import { caught } from './fit.ts';
import { defaultTolerance, type FieldKind, type ThreeBodyOptions } from './options.ts';

/** Adds `three-body`: finds the masses of three bodies from their observed positions. */
export function threeBodyCommand(command: Command, io: Io): void {
  command
    .description('Find the masses of three bodies under gravity from their observed positions.')
    .addOption(
      new Option(
        '--field <kind>',
        'how f is computed: compiled from tfjs operations, or on arrays, in double precision; on float32 tensors of tfjs',
      )
        .choices(['compiled', 'tensors', 'arrays'] satisfies FieldKind[])
        .default('compiled' satisfies FieldKind),
    )
    .option('--backend <name>', 'tfjs backend for --field tensors: wasm or cpu', 'wasm')
    .option('--solver <name>', 'an adaptive solver; `neural-ode list` names them', 'dopri5')
    .option('--gradient <name>', 'gradient strategy', 'aca')
    .option('--rtol <number>', `relative tolerance (default: ${toleranceText})`, positive)
    .option('--atol <number>', 'absolute tolerance (default: as rtol)', positive)
    .option('--observations <count>', 'observation times, equally spaced on [0, 1]', whole(2), 1000)
    .option('--epochs <count>', 'gradient steps from each start', whole(1), 100)
    .option('--starts <count>', 'starts at most', whole(1), 5)
    .option('--seed <number>', 'of the masses to start from', whole(0), 0)
    .option('--out <folder>', 'folder for result.json and orbits.svg', join('out', 'three-body'))
    .addHelpText(
      'after',
      `
The bodies' true masses are 1.1, 1.1 and 0.9 solar masses; their positions come from an accurate solve. The fit starts
at masses drawn between 0.9 and 1.1, its loss is mean_t 0.01^t |dr|^2 on [0, 1], its steps are Adam's with rate
0.1 * 0.95^epoch and betas 0.5. The result is the epoch of least loss. A start whose loss has not fallen below
${caught.above * 100} % after ${caught.epochs} epochs is caught in a local minimum, and is given up for the next, in all at most --starts.
With the defaults each mass comes out within 1e-3.`,
    )
    .action(async (options: ThreeBodyOptions) => {
      const { threeBody } = await import('./three-body.ts');
      await threeBody(options, io);
    });
}

const toleranceText = Object.entries(defaultTolerance)
  .map(([field, value]) => `${value.toExponential()} for ${field}`)
  .join(', ');
