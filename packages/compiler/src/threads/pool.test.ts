import { ModuleBuilder } from '@neural-ode/assembler';
import { NeuralOdeError } from '@neural-ode/core';
import { describe, expect, test } from 'vitest';
import { ThreadPool } from './pool.ts';

/** work(): the number of rounds at address 0, each adding up what lies at address 8 in all threads, and storing it at 16. */
function sumModule(trap = false): WebAssembly.Module {
  const module = new ModuleBuilder();
  const sum = module.importFunction('env', 'sum', ['f64'], ['f64']);
  module.importMemory('env', 'memory', { min: 1, max: 1, shared: true });
  module.function(
    'work',
    {},
    ['i32'],
    (f) => {
      const rounds = f.let(f.i32.load(0));
      f.loop((again) => {
        f.f64.store(0, f.call(sum, f.f64.load(0, 8)), 16);
        f.f64.store(0, f.f64.add(f.f64.load(0, 8), 1), 8);
        f.set(rounds, f.i32.sub(rounds, 1));
        f.brIf(again, rounds);
      });
      f.if(trap ? 1 : 0, () => f.unreachable());
      return f.i32.load(0, 24);
    },
    { export: true },
  );
  return new WebAssembly.Module(module.build());
}

function start(pool: ThreadPool, modules: readonly WebAssembly.Module[], rounds: number) {
  const memories = modules.map(() => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  for (const [n, { buffer }] of memories.entries()) {
    new Int32Array(buffer)[0] = rounds;
    new Float64Array(buffer)[1] = 10 ** n;
    new Int32Array(buffer)[6] = n + 7;
  }
  const [module, memory] = [modules[0] as WebAssembly.Module, memories[0] as WebAssembly.Memory];
  const own = new WebAssembly.Instance(module, { env: { sum: pool.sum, memory } }).exports as { work(): number };
  const team = pool.newTeam();
  for (const rank of [1, 2]) {
    pool.make(rank, {
      team,
      module: modules[rank] as WebAssembly.Module,
      memory: memories[rank] as WebAssembly.Memory,
    });
  }
  return { memories, own: () => own.work(), team };
}

describe('a pool of three threads', () => {
  test('adds up what all of them have, round by round and call by call', async () => {
    const pool = await ThreadPool.start(3);
    const module = sumModule();
    const rounds = 1000;
    const { memories, own, team } = start(pool, [module, module, module], rounds);
    for (let call = 1; call <= 3; call++) {
      expect(pool.call(team, 'work', own)).toEqual([7, 8, 9]);
      const sums = memories.map(({ buffer }) => new Float64Array(buffer)[2]);
      expect(sums).toEqual([0, 1, 2].map(() => 111 + 3 * (call * rounds - 1)));
    }
    pool.end();
    expect(() => pool.call(team, 'work', own)).toThrow(/were ended/);
  });

  test('tells of a thread that fails, and leaves none waiting', async () => {
    for (const failing of [0, 2]) {
      const pool = await ThreadPool.start(3);
      const modules = [0, 1, 2].map((n) => sumModule(n === failing));
      const { own, team } = start(pool, modules, 2);
      expect(() => pool.call(team, 'work', own)).toThrow(NeuralOdeError);
    }
  });
});
