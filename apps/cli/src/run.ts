import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { InvalidInputError, NeuralOdeError, RegistryError } from 'neural-ode';
import { Interrupted, type Io, UsageError } from './command-line/io.ts';
import { compareCommand } from './compare.ts';
import { listCommand } from './list.ts';
import { threeBodyCommand } from './three-body/command.ts';

/**
 * Runs one command of the program.
 *
 * @param argv the arguments after the program's name
 * @returns the exit code: 0; 1 for a solve or backend that fails, 2 for a mistake in the arguments, 130 when interrupted
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await program(io).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Interrupted) return report(io, error, 130);
    if (error instanceof UsageError) return report(io, error, 2);
    if (error instanceof InvalidInputError || error instanceof RegistryError) return report(io, error, 2);
    if (error instanceof NeuralOdeError) return report(io, error, 1);
    throw error;
  }
}

function program(io: Io): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const root = new Command('neural-ode')
    .description('Example problems of differentiable ODE solving: run, drawn and timed.')
    .version(version)
    .showHelpAfterError(false)
    // Subcommands inherit these two, so they come first.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(`${oneLine(text)}\n`),
    });
  threeBodyCommand(root.command('three-body'), io);
  compareCommand(root.command('compare'), io);
  listCommand(root.command('list'), io);
  return root;
}

function report(io: Io, error: Error, code: number): number {
  io.stderr.write(`error: ${oneLine(error.message)}\n`);
  return code;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
