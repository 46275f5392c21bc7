import * as tf from '@tensorflow/tfjs-core';

/** The doubles that the user wrote, where tfjs only passes on float32. */
export interface Literals {
  /** The doubles that were rounded to these values just now, if they were seen. */
  doublesOf(values: ArrayLike<number>): readonly number[] | undefined;
  /** Stops watching. */
  close(): void;
}

/**
 * Watches what numbers and arrays tfjs converts to typed arrays. tfjs asks its platform about each such value
 * (`isTypedArray`) right before it converts it, so that is where they are seen. What is taken for the source of a typed
 * array must round to each of its elements, so nothing is guessed.
 */
export function watchLiterals(): Literals {
  const platform = tf.env().platform as { isTypedArray(value: unknown): boolean };
  const own = Object.hasOwn(platform, 'isTypedArray');
  const original = platform.isTypedArray;
  let seen: (number | readonly unknown[])[] = [];
  platform.isTypedArray = (value) => {
    if (typeof value === 'number' || Array.isArray(value)) seen.push(value);
    return original.call(platform, value);
  };
  return {
    doublesOf(values) {
      const candidates = seen;
      seen = [];
      for (const candidate of candidates) {
        const numbers = typeof candidate === 'number' ? [candidate] : (candidate as readonly unknown[]).flat(10);
        if (numbers.length === values.length && numbers.every((number, n) => roundsTo(number, values[n] as number))) {
          return numbers as number[];
        }
      }
      return undefined;
    },
    close() {
      if (own) platform.isTypedArray = original;
      else Reflect.deleteProperty(platform, 'isTypedArray');
    },
  };
}

function roundsTo(number: unknown, value: number): boolean {
  return typeof number === 'number' && Object.is(Math.fround(number), value);
}
