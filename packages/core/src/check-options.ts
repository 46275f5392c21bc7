import { InvalidInputError } from './errors.ts';
import { nearest } from './nearest.ts';

/**
 * Refuses options that nothing reads, which a compiler would have found.
 *
 * @param known the names of all options
 * @throws InvalidInputError that names the option and the nearest ones
 */
export function checkOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidInputError('options', `The options are ${String(options)}: give an object such as { solver }.`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = name === 'method' ? ['solver'] : nearest(name, known);
    const hint = near.length > 0 ? `did you mean ${near.map((n) => `'${n}'`).join(', ')}?` : '';
    throw new InvalidInputError(name, `There is no option '${name}': ${hint || `there are ${known.join(', ')}.`}`);
  }
}

/** Refuses a value that is none of those allowed. */
export function checkChoice(input: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.includes(value as string)) return;
  const list = allowed.map((one) => `'${one}'`).join(', ');
  throw new InvalidInputError(input, `${input} is ${JSON.stringify(value)}: give one of ${list}.`);
}
