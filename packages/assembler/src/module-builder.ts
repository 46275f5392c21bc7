import { ByteWriter, joined } from './byte-writer.ts';
import { FunctionBuilder } from './function-builder.ts';
import { writeLiteral } from './literal.ts';
import {
  AssemblyError,
  type FunctionRef,
  type GlobalRef,
  Local,
  type MemoryRef,
  type Operand,
  typeCode,
  type ValueType,
} from './values.ts';

/** A memory's size in pages of 64 KiB; a shared one needs its maximum. */
export interface MemoryLimits {
  readonly min: number;
  readonly max?: number;
  /** Default false. */
  readonly shared?: boolean;
}

/** Choices of a module. */
export interface ModuleOptions {
  /** Whether relaxed SIMD may be emitted. Default false; ask `probeFeatures`. */
  readonly relaxedSimd?: boolean;
}

/** Choices of one function. */
export interface FunctionOptions {
  /** Whether the function is exported, and under which name if not its own. Default false. */
  readonly export?: boolean | string;
  /** Where vector literals are made, once at the head or where they are used. Default `hoist`. */
  readonly literals?: 'hoist' | 'inline';
}

/** What a body returns: the function's results; whatever a function without results returns must be no value. */
type BodyResult<R extends readonly ValueType[]> = R extends readonly []
  ? unknown
  : R extends readonly [infer T extends ValueType]
    ? Operand<T>
    : { readonly [K in keyof R]: Operand<R[K] extends ValueType ? R[K] : never> };

type Body<P extends Readonly<Record<string, ValueType>>, R extends readonly ValueType[]> = (
  f: FunctionBuilder,
  params: { readonly [K in keyof P]: Local<P[K]> },
) => BodyResult<R>;

interface Import {
  readonly module: string;
  readonly name: string;
  readonly describe: (out: ByteWriter) => void;
}

interface Global {
  readonly ref: GlobalRef;
  readonly init: number | bigint;
}

/**
 * Builds a WebAssembly module. Imports come before the first function; then functions in any order, also while another is
 * being built; `build` gives the binary.
 *
 * @example
 * const module = new ModuleBuilder();
 * module.importMemory('env', 'memory', { min: 1 });
 * module.function('axpy', { x: 'i32', y: 'i32', end: 'i32', a: 'f64' }, [], (f, { x, y, end, a }) => {
 *   const scale = f.let(f.f64x2.splat(a));
 *   f.loop((again) => {
 *     f.f64x2.store(y, f.f64x2.fma(scale, f.f64x2.load(x), f.f64x2.load(y)));
 *     f.set(y, f.i32.add(y, 16));
 *     f.brIf(again, f.i32.ltU(f.tee(x, f.i32.add(x, 16)), end));
 *   });
 * }, { export: true });
 * const bytes = module.build();
 */
export class ModuleBuilder {
  readonly relaxedSimd: boolean;
  readonly #types: { params: readonly ValueType[]; results: readonly ValueType[] }[] = [];
  readonly #typeIndices = new Map<string, number>();
  readonly #imports: Import[] = [];
  readonly #functions: FunctionRef[] = [];
  readonly #functionTypes: number[] = [];
  readonly #bodies: (Uint8Array | undefined)[] = [];
  #importedFunctions = 0;
  readonly #globals: Global[] = [];
  #importedGlobals = 0;
  #memory: { ref: MemoryRef; limits: MemoryLimits; imported: boolean } | undefined;
  readonly #exports: { name: string; ref: FunctionRef | GlobalRef | MemoryRef }[] = [];
  readonly #data: { offset: number; bytes: Uint8Array }[] = [];
  readonly #made = new Map<string, FunctionRef>();

  constructor(options: ModuleOptions = {}) {
    this.relaxedSimd = options.relaxedSimd ?? false;
  }

  importMemory(module: string, name: string, limits: MemoryLimits): MemoryRef {
    const ref = this.#setMemory(limits, true);
    this.#imports.push({
      module,
      name,
      describe: (out) => {
        out.u8(0x02);
        writeLimits(out, limits);
      },
    });
    return ref;
  }

  /** Gives the module a memory of its own. */
  memory(limits: MemoryLimits): MemoryRef {
    return this.#setMemory(limits, false);
  }

  #setMemory(limits: MemoryLimits, imported: boolean): MemoryRef {
    if (this.#memory) throw new AssemblyError('The module has a memory already.');
    if (limits.shared && limits.max === undefined) throw new AssemblyError('A shared memory needs its maximum.');
    const ref: MemoryRef = { kind: 'memory', index: 0 };
    this.#memory = { ref, limits, imported };
    return ref;
  }

  importFunction<const R extends readonly ValueType[]>(
    module: string,
    name: string,
    params: readonly ValueType[],
    results: R,
  ): FunctionRef<R> {
    if (this.#functions.length > this.#importedFunctions) {
      throw new AssemblyError('Imports come before the first function.');
    }
    const ref = this.#addFunction(name, params, results);
    const type = this.#functionTypes[ref.index]!;
    this.#importedFunctions++;
    this.#imports.push({
      module,
      name,
      describe: (out) => {
        out.u8(0x00);
        out.u32(type);
      },
    });
    return ref;
  }

  importGlobal<T extends ValueType>(module: string, name: string, type: T, mutable = false): GlobalRef<T> {
    if (this.#globals.length > 0) throw new AssemblyError('Imports come before the first global.');
    const ref: GlobalRef<T> = { kind: 'global', index: this.#importedGlobals++, type, mutable };
    this.#imports.push({
      module,
      name,
      describe: (out) => {
        out.u8(0x03);
        out.u8(typeCode[type]);
        out.u8(mutable ? 1 : 0);
      },
    });
    return ref;
  }

  /** A global variable; a vector starts as zero. */
  global<T extends ValueType>(type: T, init: number | bigint = 0, mutable = true): GlobalRef<T> {
    const index = this.#importedGlobals + this.#globals.length;
    const ref: GlobalRef<T> = { kind: 'global', index, type, mutable };
    this.#globals.push({ ref, init });
    return ref;
  }

  /**
   * Defines a function: its parameters by name, in order, its results, and its body, which gets the builder and the
   * parameters as locals and returns the results.
   */
  function<const P extends Readonly<Record<string, ValueType>>, const R extends readonly ValueType[]>(
    name: string,
    params: P,
    results: R,
    body: Body<P, R>,
    options: FunctionOptions = {},
  ): FunctionRef<R> {
    const ref = this.declare(name, Object.values(params), results);
    this.define(ref, params, body, options);
    return ref;
  }

  /** Announces a function whose body comes later by `define`, so that others can call it before. */
  declare<const R extends readonly ValueType[]>(
    name: string,
    params: readonly ValueType[],
    results: R,
  ): FunctionRef<R> {
    return this.#addFunction(name, params, results);
  }

  define<const P extends Readonly<Record<string, ValueType>>, const R extends readonly ValueType[]>(
    ref: FunctionRef<R>,
    params: P,
    body: Body<P, R>,
    options: FunctionOptions = {},
  ): void {
    const types = Object.values(params);
    if (types.join() !== ref.params.join()) throw new AssemblyError(`${ref.name} was declared with other parameters.`);
    const slot = ref.index - this.#importedFunctions;
    if (this.#functions[ref.index] !== ref || this.#bodies[slot]) {
      throw new AssemblyError(`${ref.name} is defined already, or in another module.`);
    }
    const f = new FunctionBuilder(types.length, ref.results, {
      relaxedSimd: this.relaxedSimd,
      literals: options.literals ?? 'hoist',
    });
    const locals = Object.fromEntries(Object.entries(params).map(([key, type], i) => [key, new Local(type, i)]));
    this.#bodies[slot] = f.finish(body(f, locals as { [K in keyof P]: Local<P[K]> }));
    if (options.export) this.export(options.export === true ? ref.name : options.export, ref);
  }

  /** The function that `make` made under this key, made now if it was not yet. */
  once(key: string, make: () => FunctionRef): FunctionRef {
    let ref = this.#made.get(key);
    if (!ref) {
      ref = make();
      this.#made.set(key, ref);
    }
    return ref;
  }

  export(name: string, ref: FunctionRef | GlobalRef | MemoryRef): void {
    if (this.#exports.some((other) => other.name === name)) throw new AssemblyError(`"${name}" is exported already.`);
    this.#exports.push({ name, ref });
  }

  /** Bytes that instantiation writes into the memory at a fixed offset. */
  data(offset: number, bytes: Uint8Array): void {
    this.#data.push({ offset, bytes });
  }

  #addFunction<R extends readonly ValueType[]>(name: string, params: readonly ValueType[], results: R): FunctionRef<R> {
    const key = `${params.join()}>${results.join()}`;
    let type = this.#typeIndices.get(key);
    if (type === undefined) {
      type = this.#types.push({ params, results }) - 1;
      this.#typeIndices.set(key, type);
    }
    const ref: FunctionRef<R> = { kind: 'function', index: this.#functions.length, name, params, results };
    this.#functions.push(ref);
    this.#functionTypes.push(type);
    return ref;
  }

  /** The module's binary. */
  build(): Uint8Array<ArrayBuffer> {
    const bodies = this.#bodies;
    const defined = this.#functions.slice(this.#importedFunctions);
    const own = this.#memory && !this.#memory.imported ? [this.#memory.limits] : [];
    const kinds = { function: 0, memory: 2, global: 3 };
    const types = entries(this.#types, (out, { params, results }) => {
      out.u8(0x60);
      for (const list of [params, results]) {
        out.u32(list.length);
        for (const type of list) out.u8(typeCode[type]);
      }
    });
    const imports = entries(this.#imports, (out, { module, name, describe }) => {
      out.name(module);
      out.name(name);
      describe(out);
    });
    const exported = entries(this.#exports, (out, { name, ref }) => {
      out.name(name);
      out.u8u32(kinds[ref.kind], ref.index);
    });
    const code = defined.map(({ name }, n) => {
      const body = bodies[n];
      if (!body) throw new AssemblyError(`${name} was declared and never defined.`);
      return counted(body);
    });
    const data = this.#data.map(({ offset, bytes }) => {
      const head = new ByteWriter();
      head.u8(0x00);
      writeLiteral(head, 'i32', offset);
      return joined([head.bytes, [0x0b], counted(bytes)]);
    });
    const names = entries(this.#functions, (out, { index, name }) => {
      out.u32(index);
      out.name(name);
    });
    const label = entries(['name'], (out, name) => out.name(name));
    return joined([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, types),
      section(2, imports),
      section(
        3,
        entries(defined, (out, { index }) => out.u32(this.#functionTypes[index]!)),
      ),
      section(5, entries(own, writeLimits)),
      section(6, entries(this.#globals, writeGlobal)),
      section(7, exported),
      section(10, code),
      section(11, data),
      [0],
      counted(joined([...label, section(1, names)])),
    ]);
  }
}

function entries<T>(items: readonly T[], write: (out: ByteWriter, item: T) => void): number[][] {
  return items.map((item) => {
    const out = new ByteWriter();
    write(out, item);
    return out.bytes;
  });
}

function section(id: number, items: readonly ArrayLike<number>[]): Uint8Array {
  return items.length === 0 ? new Uint8Array(0) : joined([[id], counted(counted(joined(items), items.length))]);
}

/** The bytes behind their count, or behind another. */
function counted(bytes: ArrayLike<number>, count: number = bytes.length): Uint8Array {
  const head = new ByteWriter();
  head.u32(count);
  return joined([head.bytes, bytes]);
}

function writeLimits(out: ByteWriter, { min, max, shared }: MemoryLimits): void {
  out.u8((max === undefined ? 0 : 1) | (shared ? 2 : 0));
  out.u32(min);
  if (max !== undefined) out.u32(max);
}

function writeGlobal(out: ByteWriter, { ref: { type, mutable }, init }: Global): void {
  out.u8(typeCode[type]);
  out.u8(mutable ? 1 : 0);
  if (type === 'v128') writeLiteral(out, 'i32x4', 0);
  else writeLiteral(out, type, init);
  out.u8(0x0b);
}
