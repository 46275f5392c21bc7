import '@tensorflow/tfjs-backend-cpu';
import { probeFeatures } from '@neural-ode/assembler';
import * as tf from '@tensorflow/tfjs-core';
import { type Checked, checkSeed } from './check-seed.ts';

/** Every setting of relaxed SIMD that this engine has. */
export const relaxedSettings = (): readonly boolean[] => (probeFeatures().relaxedSimd ? [false, true] : [false]);

/**
 * Checks `count` seeds from `first` on.
 *
 * @param say told of progress and of every mismatch
 * @returns how many seeds have a mismatch
 */
export async function fuzz(first: number, count: number, say: (line: string) => void): Promise<number> {
  await tf.setBackend('cpu');
  const settings = relaxedSettings();
  say(`seeds ${first} to ${first + count - 1}, relaxed SIMD ${settings.length > 1 ? 'off and on' : 'off: not here'}`);
  const totals = { elements: 0, loose: 0, differentiated: 0, failed: 0 };
  for (let done = 0; done < count; ) {
    const seed = first + done;
    const { elements, loose, differentiated, mismatches } = attempt(seed, settings);
    totals.elements += elements;
    totals.loose += loose;
    totals.differentiated += Number(differentiated);
    if (mismatches.length > 0) {
      totals.failed++;
      say(smallest(seed, settings).mismatches[0] ?? (mismatches[0] as string));
    }
    if (++done % 500 === 0 || done === count) {
      say(
        `${done} programs, ${totals.differentiated} with a gradient, ${totals.elements} numbers of which ${totals.loose} ` +
          `may differ by a thousandth, ${totals.failed} programs with a mismatch`,
      );
    }
  }
  return totals.failed;
}

/** An error is a mismatch too. */
function attempt(seed: number, settings: readonly boolean[], operations?: number): Checked {
  try {
    return checkSeed(seed, settings, operations);
  } catch (error) {
    const { stack } = error as Error;
    return { elements: 0, loose: 0, differentiated: false, mismatches: [`seed ${seed} throws ${stack}`] };
  }
}

/** The program with the fewest of the seed's operations that is wrong; its inputs are others. */
function smallest(seed: number, settings: readonly boolean[]): Checked {
  for (let operations = 1; operations < 41; operations++) {
    const checked = attempt(seed, settings, operations);
    if (checked.mismatches.length > 0) return checked;
  }
  return attempt(seed, settings);
}
