import type { FunctionBuilder, Local, ModuleBuilder, Value } from '@neural-ode/assembler';
import type { Node, Program, Role } from '../graph/graph.ts';
import type { MathCall } from './math-call.ts';
import type { Element } from './precision.ts';

/** An array in memory: from a parameter of the function being built, or at a fixed address. */
export interface Base {
  /** The parameter that holds the address; without it the array lies at `address`. */
  readonly pointer?: Local<'i32'>;
  /** Bytes, behind the pointer if there is one. */
  readonly address: number;
}

/** A result: its nodes one after the other, written or added to what is there. */
export interface Destination {
  readonly nodes: readonly Node[];
  readonly base: Base;
  readonly add: boolean;
}

/** What all code of one field shares. */
export interface Target {
  readonly module: ModuleBuilder;
  readonly element: Element;
  readonly math: MathCall;
  /** Places data and returns its address. */
  readonly constants: (bytes: Uint8Array) => number;
  /** First byte of scratch memory. */
  readonly scratch: number;
}

/** A program to be written into the body of a function. */
export interface Job {
  readonly program: Program;
  readonly t: Local<'f64'>;
  /** Where the inputs lie that the program has. */
  readonly inputs: Readonly<Partial<Record<Exclude<Role, 't'>, Base>>>;
  readonly destinations: readonly Destination[];
  /** A scalar whose value the function returns. */
  readonly returned: Node | undefined;
}

/** Writes a program's code: its returned value, if any, in double, and the bytes of scratch memory it used. */
export type Emitter = (
  target: Target,
  f: FunctionBuilder,
  job: Job,
) => { readonly returned: Value<'f64'> | undefined; readonly scratchBytes: number };

/** The address operand of a base; its `address` then is the access's offset. */
export function addressOf(base: Base): Local<'i32'> | 0 {
  return base.pointer ?? 0;
}
