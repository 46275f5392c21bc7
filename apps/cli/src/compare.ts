import { resolve as absolute } from 'node:path';
import { type Command, Option } from 'commander';
import { registered, useBackend } from 'neural-ode';
import '@neural-ode/backend-cpu/register';
import { adaptiveSolver, named, positives, words } from './arguments.ts';
import { breathe, type Io } from './command-line/io.ts';
import { checkWritable, writeWhole } from './command-line/output-file.ts';
import { goldenGradient, type Measurement, measure } from './measure-gradient.ts';
import type { PlainField } from './plain-field.ts';
import { table } from './table.ts';
import type { FieldKind } from './three-body/options.ts';
import { compiledVanDerPol, vanDerPol } from './van-der-pol.ts';

interface Options {
  readonly field: Exclude<FieldKind, 'tensors'>;
  readonly solver: string;
  readonly strategies?: readonly string[];
  readonly tolerances: readonly number[];
  readonly out?: string;
}

const defaultTolerances = '1e-2,1e-3,1e-4,1e-5,1e-6,1e-7,1e-8';

/** Adds `compare`: the error and the cost of each gradient strategy on the van der Pol equation. */
export function compareCommand(command: Command, io: Io): void {
  command
    .description('Compare the error and the cost of the gradient strategies on the van der Pol equation.')
    .addOption(
      new Option(
        '--field <kind>',
        'how f is computed, in double precision: on arrays, or compiled from tfjs operations',
      )
        .choices(['arrays', 'compiled'] satisfies Options['field'][])
        .default('arrays' satisfies Options['field']),
    )
    .option('--solver <name>', 'an adaptive solver', 'dopri5')
    .option('--strategies <names>', 'with commas between (default: all that are registered)', words)
    .addOption(
      new Option('--tolerances <numbers>', 'each used as rtol and as atol')
        .argParser(positives)
        .default(positives(defaultTolerances), defaultTolerances),
    )
    .option('--out <file>', 'also write the rows as JSON')
    .addHelpText(
      'after',
      `
y1' = y2, y2' = (0.15 - y1^2) y2 - y1 from (2, 0) to T = 20 in double precision; loss |y(T)|^2.
The error is that of (dL/dy0, dL/dmu), relative, against ACA with dop853 at 1e-13 on arrays.

Columns: error; evaluations of f forward, and backward besides those inside vjps; vector-Jacobian products of f;
accepted and rejected steps; states of two numbers kept for the way back; median milliseconds of a gradient.
A compiled field keeps no stages: its direct and naive strategies compute them again.`,
    )
    .action((options: Options) => compare(options, io));
}

async function compare(options: Options, io: Io): Promise<void> {
  const solver = adaptiveSolver(options.solver);
  const strategies = (options.strategies ?? registered('gradient')).map((name) => ({
    name,
    gradient: named('gradient', name),
  }));
  if (options.out !== undefined) checkWritable(options.out, '--out');

  const golden = goldenGradient(named('solver', 'dop853'), named('gradient', 'aca'));
  const field = await fieldOf(options);
  io.stdout.write(
    `van der Pol, mu = ${vanDerPol.parameters}, T = ${vanDerPol.ts[1]}; ` +
      `field ${options.field === 'arrays' ? 'on arrays' : 'compiled'}, solver ${options.solver}, rtol = atol = tolerance\n` +
      `dL/d(y0, mu) = ${golden.map((value) => value.toPrecision(12)).join(', ')}\n\n`,
  );
  const rows: (Row & Measurement)[] = [];
  for (const tolerance of options.tolerances) {
    for (const { name, gradient } of strategies) {
      await breathe(io);
      rows.push({ tolerance, strategy: name, ...measure(field, gradient, solver, tolerance, golden) });
    }
  }
  io.stdout.write(`${report(rows)}\n`);
  if (options.out !== undefined) {
    const result = { problem: vanDerPolFacts, golden, field: options.field, solver: options.solver, rows };
    writeWhole(options.out, `${JSON.stringify(result, null, 2)}\n`);
    io.stdout.write(`\nwritten: ${absolute(options.out)}\n`);
  }
}

async function fieldOf({ field }: Options): Promise<PlainField> {
  if (field === 'arrays') return vanDerPol;
  await useBackend('cpu');
  return compiledVanDerPol();
}

interface Row {
  readonly tolerance: number;
  readonly strategy: string;
}

const vanDerPolFacts = { name: 'vanDerPol', y0: vanDerPol.y0, ts: vanDerPol.ts, parameters: vanDerPol.parameters };

function report(rows: readonly (Row & Measurement)[]): string {
  const head = [
    'tolerance',
    'strategy',
    'error',
    'f forward',
    'f backward',
    'vjps',
    'accepted',
    'rejected',
    'kept',
    'ms',
  ];
  const cells = rows.map((row) => {
    const start = [row.tolerance.toExponential(), row.strategy];
    if (!row.cost || row.error === null) return [...start, 'failed', '', '', '', '', '', '', '', row.note];
    const { forward, backward, retained, ms } = row.cost;
    return [
      ...start,
      row.error.toExponential(1),
      ...[forward.evaluations, backward.evaluations, backward.vjps, forward.accepted, forward.rejected, retained].map(
        String,
      ),
      ms.toFixed(2),
      row.note,
    ];
  });
  return table([...head, ''], cells, [0, 1, 10]);
}
