import type { Entry } from './entry.ts';
import { medianOf, ratioOf, type Samples } from './rounds.ts';

/** What is known of one implementation of one case. */
export interface Row {
  readonly case: string;
  readonly implementation: string;
  /** What the field computes in. */
  readonly dtype: Entry['dtype'];
  readonly threads: number;
  /** Median milliseconds of one computation. */
  readonly medianMs: number | null;
  /**
   * Times the fastest floor of the same variant, and of the same dtype where there is one: the median of the rounds'
   * ratios.
   */
  readonly ratioToFloor: number | null;
  /** Times the fastest peer of the same variant, likewise. */
  readonly ratioToPeer: number | null;
  /** Relative difference of its result from the reference. */
  readonly difference: number | null;
  /** In how many rounds it was timed. */
  readonly rounds: number;
  /** Why there is no time: not available, not installed, or an error. */
  readonly note: string | null;
}

/** What came of an implementation. */
export interface Outcome {
  readonly entry: Entry;
  readonly samples: Samples;
  readonly difference: number | null;
  readonly note: string | null;
}

/** The rows of a case. */
export function rowsOf(name: string, outcomes: readonly Outcome[]): Row[] {
  const fastest = (role: Entry['role'], of: Entry, sameType: boolean) =>
    outcomes
      .filter(({ entry }) => entry.role === role && entry.variant === of.variant)
      .filter(({ entry }) => !sameType || entry.dtype === of.dtype)
      .map(({ samples }) => ({ samples, ms: medianOf(samples) ?? Number.POSITIVE_INFINITY }))
      .filter(({ ms }) => Number.isFinite(ms))
      .sort((a, b) => a.ms - b.ms)[0]?.samples;
  return outcomes.map(({ entry, samples, difference, note }) => {
    const floor = fastest('floor', entry, true) ?? fastest('floor', entry, false);
    const peer = fastest('peer', entry, false);
    return {
      case: name,
      implementation: entry.implementation,
      dtype: entry.dtype,
      threads: entry.threads ?? 1,
      medianMs: medianOf(samples),
      ratioToFloor: floor ? ratioOf(samples, floor) : null,
      ratioToPeer: peer ? ratioOf(samples, peer) : null,
      difference,
      rounds: samples.filter((ms) => ms !== undefined).length,
      note,
    };
  });
}

/** The rows as a Markdown table. */
export function markdown(rows: readonly Row[]): string {
  const head = ['case', 'implementation', 'dtype', 'threads', 'median ms', 'x floor', 'x peer', 'difference', ''];
  const cells = rows.map((row) => [
    row.case,
    row.implementation,
    row.dtype,
    String(row.threads),
    figure(row.medianMs),
    figure(row.ratioToFloor),
    figure(row.ratioToPeer),
    row.difference === null ? '' : row.difference.toExponential(1),
    row.note?.replaceAll('|', '/') ?? '',
  ]);
  const widths = head.map((title, n) => Math.max(title.length, ...cells.map((line) => (line[n] as string).length)));
  const isNumber = (n: number) => n > 2 && n < head.length - 1;
  const pad = (text: string, n: number) =>
    isNumber(n) ? text.padStart(widths[n] as number) : text.padEnd(widths[n] as number);
  const line = (texts: readonly string[]) => `| ${texts.map(pad).join(' | ')} |`;
  const rule = widths.map((width, n) => (isNumber(n) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(head), line(rule), ...cells.map(line)].join('\n');
}

/** Three digits, without an exponent. */
function figure(value: number | null): string {
  if (value === null) return '';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(digits, 6));
}
