import type { Command } from 'commander';
import { BackendError, registered, useBackend } from 'neural-ode';
import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import { named } from './arguments.ts';
import type { Io } from './command-line/io.ts';
import { table } from './table.ts';

/** Adds `list`: what can be named in the other commands. */
export function listCommand(command: Command, io: Io): void {
  command
    .description('List the registered solvers, gradient strategies, controllers and backends.')
    .action(async () => {
      const solvers = registered('solver').map((name) => {
        const { order, errorOrder } = named('solver', name);
        return [name, String(order), errorOrder === undefined ? 'none' : String(errorOrder)];
      });
      const backends: string[][] = [];
      for (const name of registered('backend')) backends.push([name, await starting(name)]);
      const tables = [
        `${table(['solver', 'order', 'order of error estimate'], solvers)}\n\n${combinedEstimate}`,
        table(
          ['gradient strategy'],
          registered('gradient').map((name) => [name]),
        ),
        table(
          ['controller'],
          registered('controller').map((name) => [name]),
        ),
        table(['backend', 'starts here'], backends, [0, 1]),
      ];
      io.stdout.write(`${tables.join('\n\n')}\n`);
    });
}

const combinedEstimate =
  'dop853 combines embedded solutions of orders 5 and 3 into one estimate, which falls like that of an order 7.';

/** Whether a backend starts, or why not. */
async function starting(name: string): Promise<string> {
  try {
    await useBackend(name as Parameters<typeof useBackend>[0]);
    return 'yes';
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return `no: ${error.reasons[name]}`;
  }
}
