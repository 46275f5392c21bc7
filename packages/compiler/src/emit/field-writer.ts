import type { FunctionRef } from '@neural-ode/assembler';
import type { Node, Program, SlopeProgram, VjpProgram } from '../graph/graph.ts';
import type { FieldTape } from './field-tape.ts';
import type { Base, Emitter, Job, Target } from './target.ts';

const slopeTypes = { t: 'f64', y: 'i32', slope: 'i32' } as const;
const vjpTypes = { t: 'f64', y: 'i32', cotangent: 'i32', yBar: 'i32', parametersBar: 'i32' } as const;
const fillTypes = { t: 'f64', y: 'i32', tape: 'i32' } as const;

/** Writes programs of a field as functions, whose parameters say where inputs lie and where results go. */
export class FieldWriter {
  readonly #target: Target;
  readonly #parameter: Base;
  /** Bytes of scratch memory that the functions written so far share. */
  scratchBytes = 0;

  /** @param parameters their address */
  constructor(target: Target, parameters: number) {
    this.#target = target;
    this.#parameter = { address: parameters };
  }

  /** (t, y, slope) -> (): with the tape's address as its last argument where the program reads it. */
  slope(program: SlopeProgram, emitter: Emitter): FunctionRef<readonly []> {
    const types = program.inputs.tape ? { ...slopeTypes, tape: 'i32' as const } : slopeTypes;
    return this.#target.module.function('slope', types, [], (f, p) => {
      const destinations = [{ nodes: program.outputs.slope, base: at(p.slope), add: false }];
      this.#write(emitter, f, program, p, destinations);
    });
  }

  /** (t, y, tape) -> () */
  fill(program: Program<{ readonly tape: readonly Node[] }>, emitter: Emitter): FunctionRef<readonly []> {
    return this.#target.module.function('fill', fillTypes, [], (f, p) => {
      const destinations = [{ nodes: program.outputs.tape, base: at(p.tape), add: false }];
      this.#write(emitter, f, program, p, destinations);
    });
  }

  /** (t, y, cotangent, yBar, parametersBar) -> f64: with the tape's address last where the program reads it. */
  vjp(program: VjpProgram, emitter: Emitter): FunctionRef<readonly ['f64']> {
    const { y, parameters, t } = program.outputs;
    const types = program.inputs.tape ? { ...vjpTypes, tape: 'i32' as const } : vjpTypes;
    return this.#target.module.function('vjp', types, ['f64'], (f, p) => {
      const destinations = [
        { nodes: y, base: at(p.yBar), add: false },
        { nodes: parameters, base: at(p.parametersBar), add: true },
      ];
      return this.#write(emitter, f, program, p, destinations, t[0]) ?? 0;
    });
  }

  /** (t, y, cotangent, yBar, parametersBar) -> f64, of a fill and what reads it: that tape is scratch memory behind all other. */
  joined({ bytes, fill, vjp }: FieldTape): FunctionRef<readonly ['f64']> {
    const tape = this.#target.scratch + this.scratchBytes;
    this.scratchBytes += bytes;
    return this.#target.module.function('vjp', vjpTypes, ['f64'], (f, { t, y, cotangent, yBar, parametersBar }) => {
      f.call(fill, t, y, tape);
      return f.call(vjp, t, y, cotangent, yBar, parametersBar, tape);
    });
  }

  #write(
    emitter: Emitter,
    f: Parameters<Emitter>[1],
    program: Program,
    p: Pointers,
    destinations: Job['destinations'],
    returned?: Node,
  ): ReturnType<Emitter>['returned'] {
    const inputs = {
      y: at(p.y),
      parameter: this.#parameter,
      ...(p.cotangent && { cotangent: at(p.cotangent) }),
      ...(p.tape && { tape: at(p.tape) }),
    };
    const emitted = emitter(this.#target, f, { program, t: p.t, inputs, destinations, returned });
    this.scratchBytes = Math.max(this.scratchBytes, emitted.scratchBytes);
    return emitted.returned;
  }
}

/** The parameters that say where inputs lie. */
interface Pointers {
  readonly t: Job['t'];
  readonly y: NonNullable<Base['pointer']>;
  readonly cotangent?: NonNullable<Base['pointer']>;
  readonly tape?: NonNullable<Base['pointer']>;
}

function at(pointer: NonNullable<Base['pointer']>): Base {
  return { pointer, address: 0 };
}
