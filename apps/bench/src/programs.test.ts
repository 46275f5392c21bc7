import { expect, test } from 'vitest';
import { Unavailable } from './entry.ts';
import { startProgram } from './programs.ts';

const script = (source: string) => startProgram(process.execPath, ['-e', source]);

test('a program tells its result, then times', async () => {
  const timed = await script(`
    console.log('noise'); console.log('@result [1,2.5]');
    require('readline').createInterface({ input: process.stdin }).on('line', (n) => console.log('@ms ' + 3 * n));`);
  expect(Array.from(timed.result)).toEqual([1, 2.5]);
  expect([await timed.time(1), await timed.time(5)]).toEqual([3, 15]);
  timed.stop();
});

test('exit code 3 says what is not installed', async () => {
  const missing = script(`console.error('first'); console.error('not installed: it'); process.exit(3)`);
  await expect(missing).rejects.toThrow(new Unavailable('not installed: it'));
  await expect(startProgram('/no/such/program', [])).rejects.toThrow(Unavailable);
});

test('a program that ends early is an error with its last words', async () => {
  await expect(script(`console.error('Traceback'); console.error('KeyError: x'); process.exit(1)`)).rejects.toThrow(
    'KeyError: x',
  );
  const timed = await script(`console.log('@result []'); setTimeout(() => process.exit(4), 50)`);
  await expect(timed.time(1)).rejects.toThrow('ended with 4');
});
