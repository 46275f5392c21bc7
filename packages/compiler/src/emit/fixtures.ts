import { ModuleBuilder, probeFeatures } from '@neural-ode/assembler';
import { type Inputs, type Node, type SlopeProgram, sizeOf, type VjpProgram } from '../graph/graph.ts';
import type { ProgramInputs } from '../graph/interpret.ts';
import { type EmitMode, type EmitOptions, emitSlope, emitTape, emitVjp, tapedLoops } from './emit-field.ts';
import type { Precision } from './precision.ts';

/** A field's functions, run on plain numbers. */
export interface Running {
  slope(inputs: ProgramInputs): number[];
  /** The slope of a filled tape; absent where the field has none. */
  readonly slopeOfTape: ((inputs: ProgramInputs) => number[]) | undefined;
  /** `parametersBar` is added to. */
  vjp(inputs: ProgramInputs, parametersBar?: readonly number[]): { y: number[]; parameters: number[]; t: number };
  /** The bare functions and the addresses of t's successors, to be timed. */
  readonly raw: {
    readonly slope: (t: number, y: number, slope: number) => void;
    readonly vjp: (t: number, y: number, cotangent: number, yBar: number, parametersBar: number) => number;
    readonly y: number;
    readonly out: number;
    readonly cotangent: number;
    readonly yBar: number;
    readonly parametersBar: number;
  };
  readonly emitMs: number;
  readonly bytes: number;
}

export interface RunOptions {
  readonly precision: Precision;
  readonly mode?: EmitMode;
  /** Default: where the engine has it. */
  readonly relaxedSimd?: boolean;
}

const total = (nodes: readonly Node[]) => nodes.reduce((sum, node) => sum + sizeOf(node.shape), 0);

/** Emits programs into a module of their own and instantiates it; without a vjp program an empty one. */
export function start(
  slope: SlopeProgram,
  vjp: VjpProgram | undefined,
  { precision, mode = 'auto', relaxedSimd = probeFeatures().relaxedSimd }: RunOptions,
): Running {
  const size = precision === 'float32' ? 4 : 8;
  const { inputs } = slope;
  const room = (count: number) => Math.ceil((count * size) / 16) * 16 + 64;
  const parametersAt = 64;
  let next = parametersAt + room(total(inputs.parameters));
  const claim = (bytes: number) => {
    const address = next;
    next = Math.ceil((next + bytes) / 16) * 16;
    return address;
  };
  const before = performance.now();
  const module = new ModuleBuilder({ relaxedSimd });
  module.importMemory('env', 'memory', { min: 1 });
  const y = claim(room(total(inputs.y)));
  const out = claim(room(total(slope.outputs.slope)));
  const cotangent = claim(room(total((vjp ?? slope).inputs.cotangent)));
  const yBar = claim(room(total(vjp?.outputs.y ?? [])));
  const parametersBar = claim(room(total(vjp?.outputs.parameters ?? [])));
  const data: { at: number; bytes: Uint8Array }[] = [];
  const constantsAt = claim(1 << 22);
  let constantsEnd = constantsAt;
  const scratch = claim(16);
  const zero: Node = { op: 'constant', shape: [], inputs: [], values: Float64Array.of(0) };
  const empty: VjpProgram = { inputs, outputs: { y: [], parameters: [], t: [zero] } };
  const options: EmitOptions = {
    precision,
    relaxedSimd,
    parameters: parametersAt,
    scratch,
    mode,
    constants: (bytes) => {
      const at = constantsEnd;
      data.push({ at, bytes });
      constantsEnd = Math.ceil((at + bytes.length) / 16) * 16;
      return at;
    },
  };
  const ofSlope = emitSlope(module, slope, options);
  const taped = vjp && tapedLoops({ slope, vjp }, options);
  const ofTape = taped && emitTape(module, taped, options);
  const ofVjp = ofTape ?? emitVjp(module, vjp ?? empty, options);
  const tape = ofTape?.tape;
  const functions = {
    slope: ofSlope.index,
    vjp: ofVjp.index,
    ...(tape && { fill: tape.fill.index, slopeOfTape: tape.slope.index }),
  };
  for (const [name, index] of Object.entries(functions)) {
    module.export(name, { kind: 'function', index, name, params: [], results: [] });
  }
  const binary = module.build();
  const emitMs = performance.now() - before;
  const tapeAt = scratch + Math.ceil(Math.max(ofSlope.scratchBytes, ofVjp.scratchBytes) / 16) * 16;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((tapeAt + (tape?.bytes ?? 0) + 64) / 65536) });
  for (const { at, bytes } of data) new Uint8Array(memory.buffer).set(bytes, at);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const raw = { ...(instance.exports as unknown as Running['raw']), y, out, cotangent, yBar, parametersBar };
  const ArrayType = precision === 'float32' ? Float32Array : Float64Array;
  const numbers = (address: number, count: number) => new ArrayType(memory.buffer, address, count);
  const fill = (address: number, values: readonly ArrayLike<number>[] | undefined) => {
    let at = address;
    for (const leaf of values ?? []) {
      numbers(at, leaf.length).set(leaf);
      at += leaf.length * size;
    }
  };
  const prepare = (given: ProgramInputs) => {
    new Uint8Array(memory.buffer, scratch).fill(0xff);
    fill(y, given.y);
    fill(parametersAt, given.parameters);
    fill(cotangent, given.cotangent);
  };
  const slopeBy = (given: ProgramInputs, run: (t: number) => void) => {
    prepare(given);
    const view = numbers(out, total(slope.outputs.slope) + 4).fill(77);
    run(given.t ?? 0);
    if (view.subarray(-4).some((value) => value !== 77)) throw new Error('The slope is written past its end.');
    return Array.from(view.subarray(0, -4));
  };
  return {
    slope: (given) => slopeBy(given, (t) => raw.slope(t, y, out)),
    slopeOfTape:
      tape &&
      ((given) =>
        slopeBy(given, (t) => {
          const parts = instance.exports as unknown as Record<'fill' | 'slopeOfTape', (...args: number[]) => void>;
          parts.fill(t, y, tapeAt);
          parts.slopeOfTape(t, y, out, tapeAt);
        })),
    vjp: (given, old = []) => {
      prepare(given);
      const view = numbers(yBar, total(vjp!.outputs.y) + 4).fill(77);
      const sums = numbers(parametersBar, total(vjp!.outputs.parameters) + 4).fill(0);
      sums.set(old);
      sums.fill(77, sums.length - 4);
      const t = raw.vjp(given.t ?? 0, y, cotangent, yBar, parametersBar);
      for (const array of [view, sums]) {
        if (array.subarray(-4).some((value) => value !== 77)) throw new Error('A result is written past its end.');
      }
      return { y: Array.from(view.subarray(0, -4)), parameters: Array.from(sums.subarray(0, -4)), t };
    },
    raw,
    emitMs,
    bytes: binary.length,
  };
}

/** The inputs of a program, made of their shapes. */
export function inputsOf(y: readonly (readonly number[])[], parameters: readonly (readonly number[])[] = []): Inputs {
  const input = (role: 't' | 'y' | 'parameter' | 'cotangent') => (shape: readonly number[], index: number) => ({
    op: 'input' as const,
    shape,
    inputs: [] as const,
    role,
    index,
  });
  return {
    t: input('t')([], 0),
    y: y.map(input('y')),
    parameters: parameters.map(input('parameter')),
    cotangent: y.map(input('cotangent')),
  };
}
