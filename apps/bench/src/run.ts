import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { resolve as absolute, join } from 'node:path';
import { breathe, checkWritable, Interrupted, type Io, UsageError, writeWhole } from '@neural-ode/cli/command-line';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { Case } from './case.ts';
import { cases } from './cases.ts';
import type { Places } from './entry.ts';
import { type Isolated, measureCase } from './measure-case.ts';
import { markdown, type Row } from './row.ts';
import { serve, type TwoWayIo } from './serve.ts';
import { drawDiagram } from './work-precision/draw.ts';
import { measureWorkPrecision } from './work-precision/measure.ts';

/** What the program stands on. */
export interface Surroundings {
  readonly io: TwoWayIo;
  /** How to call this very program for one implementation in JavaScript; without it they all share this process. */
  readonly isolated?: Isolated | undefined;
}

interface Options {
  readonly case: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly out: string;
  readonly floor: string;
  readonly peers?: string;
  readonly list?: true;
}

/** The name under which the diagrams are selected. */
const workPrecision = 'work-precision';
const names = [...cases.map(({ name }) => name), workPrecision];

/**
 * Runs the benchmark.
 *
 * @param argv the arguments after the program's name
 * @returns the exit code: 0, also when some implementation fails: its row says so; 1 when ours does; 2 for a mistake in
 *   the arguments, 130 when interrupted
 */
export async function run(argv: readonly string[], { io, isolated }: Surroundings): Promise<number> {
  let code = 0;
  const program = new Command('bench')
    .description('Times neural-ode beside hand-written C and other libraries, in turns in one run.')
    .exitOverride()
    .showHelpAfterError(false)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(`${oneLine(text)}\n`),
    })
    .option('--case <names>', `with commas between: ${names.join(', ')}`, caseNames, names)
    .option('--rounds <number>', 'how often everybody is timed at most', atLeast(1), 30)
    .option('--seconds <number>', 'how long each case is timed, start and warm-up apart', atLeast(0), 15)
    .option('--out <folder>', 'where results.json and the diagrams go', 'out/bench')
    .option(
      '--floor <folder>',
      'the floor programs (environment variable NEURAL_ODE_FLOOR)',
      process.env.NEURAL_ODE_FLOOR || '../shared/bench/floor',
    )
    .option(
      '--peers <folder>',
      'clones of torchdiffeq and torch-ACA (environment variable NEURAL_ODE_PEERS)',
      process.env.NEURAL_ODE_PEERS || undefined,
    )
    .option('--list', 'list the cases with their implementations and time nothing')
    .action(async (options: Options) => {
      if (options.list) list(options, io);
      else if (!(await bench(options, io, isolated))) code = 1;
    });
  program.command('serve <case> <implementation>', { hidden: true }).action(async (name, implementation) => {
    const one = cases
      .find((other) => other.name === name)
      ?.entries(placesOf(program.opts(), tmpdir()))
      .find((entry) => entry.implementation === implementation);
    if (!one) throw new UsageError(`${name} has no implementation '${implementation}'.`);
    code = await serve(one, io);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Interrupted) return report(io, error, 130);
    if (error instanceof UsageError) return report(io, error, 2);
    throw error;
  }
}

function list(options: Options, { stdout }: Io): void {
  for (const one of options.case.filter((name) => name !== workPrecision).map(caseOf)) {
    stdout.write(`${one.name}: ${one.title}\n`);
    for (const entry of one.entries(placesOf(options, tmpdir()))) {
      stdout.write(`  ${entry.implementation} (${entry.dtype})\n`);
    }
  }
  if (options.case.includes(workPrecision))
    stdout.write(`${workPrecision}: diagrams of error against time and evaluations\n`);
}

/** @returns whether all of ours were timed */
async function bench(options: Options, io: Io, isolated: Isolated | undefined): Promise<boolean> {
  const file = join(options.out, 'results.json');
  checkWritable(file, '--out');
  const temporary = mkdtempSync(join(tmpdir(), 'neural-ode-bench-'));
  const pause = () => breathe(io);
  const written = [file];
  const rows: Row[] = [];
  try {
    const places = placesOf(options, temporary);
    for (const one of options.case.filter((name) => name !== workPrecision).map(caseOf)) {
      io.stderr.write(`${one.name} ...\n`);
      rows.push(...(await measureCase(one, places, isolated, options, pause)));
    }
    if (rows.length > 0) io.stdout.write(`${markdown(rows)}\n\n`);
    if (options.case.includes(workPrecision)) {
      io.stderr.write(`${workPrecision} ...\n`);
      const points = await measureWorkPrecision(options, pause);
      const data = join(options.out, 'work-precision.json');
      writeWhole(data, json({ machine: machine(), points }));
      written.push(data);
      for (const problem of new Set(points.map((point) => point.problem))) {
        for (const against of ['ms', 'evaluations'] as const) {
          const svg = join(options.out, `${problem}-${against === 'ms' ? 'time' : against}.svg`);
          const those = points.filter((point) => point.problem === problem);
          writeWhole(svg, drawDiagram(problem, those, against));
          written.push(svg);
        }
      }
    }
    const { rounds, seconds } = options;
    writeWhole(file, json({ date: new Date().toISOString(), machine: machine(), options: { rounds, seconds }, rows }));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  for (const path of written) io.stdout.write(`written: ${absolute(path)}\n`);
  // What a user has not installed is nobody's mistake.
  return rows.every(
    ({ implementation, note }) =>
      note === null || note.startsWith('not installed') || !implementation.startsWith('neural-ode'),
  );
}

function placesOf({ floor, peers }: Pick<Options, 'floor' | 'peers'>, temporary: string): Places {
  return { floor, peers, temporary };
}

function machine(): object {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

function caseOf(name: string): Case {
  return cases.find((one) => one.name === name) as Case;
}

function caseNames(text: string): string[] {
  const chosen = text.split(',').map((name) => name.trim());
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown === undefined) return [...new Set(chosen)];
  throw new InvalidArgumentError(`There is no case '${unknown}': choose of ${names.join(', ')}.`);
}

/** A parser of numbers from `least` on; whole ones, when that is 1. */
function atLeast(least: 0 | 1): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= least && Number.isFinite(value) && (least === 0 || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(least === 0 ? 'Give a number of 0 or more.' : 'Give a whole number from 1 on.');
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function report(io: Io, error: Error, code: number): number {
  io.stderr.write(`error: ${oneLine(error.message)}\n`);
  return code;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
