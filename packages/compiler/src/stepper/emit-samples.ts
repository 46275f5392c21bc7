import type { FunctionRef, Local } from '@neural-ode/assembler';
import { isFull, outOfOrdinary, reachedEnd, sumOfZeros } from './emit-advance.ts';
import type { StepContext } from './emit-step.ts';
import { StateCode } from './lanes.ts';
import { type LoopField, loopAddress, recordBytes, recordFields } from './loop-fields.ts';

/** The functions that each state's solve calls. */
export interface SampleFunctions {
  readonly advance: FunctionRef<readonly ['i32']>;
  readonly firstStep: FunctionRef<readonly ['f64']>;
}

/**
 * Exports `advanceAll()`: the loop for many states one after the other, each from its own first step on, so that it takes
 * the steps that it would take alone. It comes back at the end, and when there is no room for another step's time.
 */
export function emitSamples(context: StepContext, { advance, firstStep }: SampleFunctions): void {
  const { module, field, layout } = context;
  module.function(
    'advanceAll',
    {},
    ['i32'],
    (f) => {
      const code = new StateCode(f, layout);
      const at = (name: LoopField) => loopAddress(layout, name);
      const integer = (name: LoopField) => f.i32.load(0, at(name));
      const setInteger = (name: LoopField, value: Parameters<typeof f.i32.store>[1]) => f.i32.store(0, value, at(name));
      const setDouble = (name: LoopField, value: Parameters<typeof f.f64.store>[1]) => f.f64.store(0, value, at(name));
      const copy = (to: Local<'i32'>, from: Local<'i32'>) =>
        code.combine({ base: to, offset: 0 }, { base: from, offset: 0 }, []);
      const [sample, record, from, row, reason] = [
        f.let(integer('sample')),
        f.local('i32'),
        f.local('i32'),
        f.local('i32'),
        f.local('i32'),
      ];
      const slope = f.local('i32');

      f.block((done) => {
        f.loop((again) => {
          f.set(reason, reachedEnd);
          f.brIf(done, f.i32.geU(sample, integer('sampleCount')));
          f.set(record, f.i32.add(integer('sampleRecords'), f.i32.mul(sample, recordBytes)));
          f.if(f.i32.eqz(integer('underWay')), () => {
            for (const n of recordFields.keys()) f.i32.store(record, 0, 4 * n);
            start();
          });
          f.if(f.i32.eqz(reason), () => {
            const [accepted, rejected] = [f.i32.load(record), f.i32.load(record, 4)];
            const taken = f.let(f.i32.add(accepted, rejected));
            setInteger('trials', f.i32.sub(integer('maxTrials'), taken));
            f.set(reason, f.call(advance));
            for (const [n, name] of recordFields.slice(0, 4).entries()) {
              const more = f.let(integer(name as LoopField));
              f.i32.store(record, f.i32.add(f.i32.load(record, 4 * n), more), 4 * n);
            }
            const ended = f.let(integer('accepted'));
            setInteger('times', f.i32.add(integer('times'), f.i32.shl(ended, 3)));
            setInteger('capacity', f.i32.sub(integer('capacity'), ended));
          });
          setInteger('underWay', 1);
          f.brIf(done, f.i32.eq(reason, isFull));
          f.i32.store(record, reason, 4 * (recordFields.length - 1));
          setInteger('underWay', 0);
          f.set(from, integer('from'));
          f.set(row, f.i32.add(integer('sampleEnds'), f.i32.mul(sample, layout.stride)));
          copy(row, from);
          f.set(sample, f.i32.add(sample, 1));
          f.br(again);
        });
      });
      setInteger('sample', sample);
      return reason;

      /** Where the loop begins for the state. */
      function start(): void {
        f.set(from, integer('sampleSlots'));
        f.set(row, f.i32.add(integer('sampleStates'), f.i32.mul(sample, layout.stride)));
        copy(from, row);
        f.set(slope, f.i32.add(from, layout.stride));
        f.call(field.slope, f.f64.load(0, at('t0')), from, slope);
        const size = f.let(f.f64.load(0, at('firstSize')));
        f.if(f.f64.eq(size, 0), () => {
          f.set(
            size,
            f.call(firstStep, f.f64.load(0, at('t0')), f.f64.load(0, at('span')), from, f.f64.load(0, at('root'))),
          );
        });
        setDouble('size', size);
        setDouble('t', f.f64.load(0, at('t0')));
        for (const [n, value] of [1, 1, 0].entries()) setDouble(`memory${n as 0 | 1 | 2}`, value);
        setInteger('from', from);
        setInteger('to', f.i32.add(from, 2 * layout.stride));
        setInteger('nextStop', 0);
        setInteger('nextOutput', 1);
        setInteger('hasSlope', 1);
        const outputs = f.let(f.i32.mul(f.i32.mul(integer('outputCount'), layout.stride), sample));
        setInteger('outputStates', f.i32.add(integer('sampleOutputs'), outputs));
        const zero = f.let(sumOfZeros(code, { base: slope, offset: 0 }));
        f.if(f.f64.ne(zero, 0), () => f.set(reason, outOfOrdinary));
      }
    },
    { export: true, literals: 'inline' },
  );
}
