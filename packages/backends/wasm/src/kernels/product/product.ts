import type { ModuleBuilder } from '@neural-ode/assembler';
import type { Workspace } from '../workspace.ts';
import { emitPackLanes, emitPackRuns, type PackLanes, type PackRuns } from './emit-packing.ts';
import { emitTiles, type Tiles, tile } from './emit-tiles.ts';

/** Addresses that are being written, for the module's functions to read. */
export interface Table {
  readonly numbers: Int32Array;
  /** Index of the next address. */
  at: number;
  /** Address of zeros, as many as follow each other in any run. */
  readonly zeros: number;
}

/** A matrix with one axis along which neighbours follow each other in memory; along the other one they lie anywhere. */
export interface Operand {
  /** The axis whose neighbours lie anywhere: the outer one (rows of a, columns of b), or the inner one, summed over. */
  readonly scattered: 'outer' | 'inner';
  /** Adds the addresses of `count` neighbours along that axis to the table, each at place `from` of the other axis. */
  readonly write: (table: Table, first: number, count: number, from: number) => void;
  /** After how many numbers along the other axis a new run begins, which lies elsewhere. Default: never. */
  readonly run?: number;
  /** Where the matrix begins, and how many bytes apart its rows lie, if those are along the inner axis. */
  readonly rows?: { readonly address: number; readonly bytes: number };
}

/** Products of several matrices a by one b, all of float32. */
interface Products {
  readonly inner: number;
  readonly columns: number;
  readonly b: Operand;
  readonly parts: readonly {
    readonly rows: number;
    readonly a: Operand;
    /** Adds the addresses of `count` rows of the result to the table. */
    readonly write: (table: Table, first: number, count: number) => void;
  }[];
}

/** How much is packed at once: a panel of b fits into the first cache, a block of a into the second. */
const block = { rows: 128, inner: 256, columns: 512 } as const;

const runBytes = 4 * Math.max(block.rows, block.inner, block.columns);
/** Where things lie in the scratch memory. */
const places = {
  zeros: 0,
  /** Takes what is computed for rows that the result does not have. */
  waste: runBytes,
  operandTable: 2 * runBytes,
  resultTable: 3 * runBytes,
  a: 4 * runBytes,
  b: 4 * runBytes + 4 * block.rows * block.inner,
  end: 4 * runBytes + 4 * (block.rows + block.columns) * block.inner,
} as const;

interface Exports {
  readonly packRuns4: PackRuns;
  readonly packRuns8: PackRuns;
  readonly packLanes4: PackLanes;
  readonly packLanes8: PackLanes;
  readonly tiles: Tiles;
}

function emitProduct(module: ModuleBuilder): void {
  for (const width of [tile.rows, tile.columns]) {
    emitPackRuns(module, width);
    emitPackLanes(module, width);
  }
  emitTiles(module);
}

/** With fewer rows than this it does not pay to copy columns of b that lie beside each other already. */
const rowsToPack = 12;

/** Writes products. They must not overlap the operands. */
export type WriteProducts = (products: Products) => void;

/**
 * Makes what writes products on a workspace: to be called before memory for them is allocated, since it may need some.
 *
 * @throws NeuralOdeError when the memory is full
 */
export function productWriter(workspace: Workspace): WriteProducts {
  const exports = workspace.module<Exports>('product', emitProduct);
  const base = workspace.scratch('product', places.end);
  return (products) => writeProducts(new Packing(exports, base, workspace.integers()), products);
}

function writeProducts(packing: Packing, { inner, columns, b, parts }: Products): void {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const direct = rows < rowsToPack ? b.rows : undefined;
  for (let column = 0, width: number; column < columns; column += width) {
    width = Math.min(block.columns, columns - column);
    const asItLies = direct && width >= tile.columns ? direct : undefined;
    // The last panel is not read where it lies: it may end where the memory does.
    if (asItLies) width -= width % tile.columns;
    for (let step = 0; step < inner; step += block.inner) {
      const steps = Math.min(block.inner, inner - step);
      if (!asItLies) packing.pack('b', b, [column, width], [step, steps]);
      for (const { rows, a, write } of parts) {
        for (let row = 0; row < rows; row += block.rows) {
          const height = Math.min(block.rows, rows - row);
          packing.pack('a', a, [row, height], [step, steps]);
          packing.multiply((table) => write(table, row, height), [column, width], [step, steps], asItLies);
        }
      }
    }
  }
}

/** First place along an axis, and how many from there. */
type Range = readonly [first: number, count: number];

/** The module, and the scratch memory that it packs into. */
class Packing {
  readonly #exports: Exports;
  readonly #base: number;
  readonly #table: Table;

  constructor(exports: Exports, base: number, numbers: Int32Array) {
    this.#exports = exports;
    this.#base = base;
    this.#table = { numbers, at: 0, zeros: base + places.zeros };
  }

  pack(side: 'a' | 'b', operand: Operand, [first, count]: Range, [step, steps]: Range): void {
    const width = side === 'a' ? tile.rows : tile.columns;
    const table = this.#base + places.operandTable;
    const to = this.#base + places[side];
    const panelBytes = 4 * width * steps;
    if (operand.scattered === 'inner') {
      this.#begin('operandTable');
      operand.write(this.#table, step, steps, first);
      this.#exports[side === 'a' ? 'packLanes4' : 'packLanes8'](to, panelBytes, table, count, steps);
      return;
    }
    const packRuns = this.#exports[side === 'a' ? 'packRuns4' : 'packRuns8'];
    const panels = Math.ceil(count / width);
    const run = operand.run ?? Number.POSITIVE_INFINITY;
    for (let done = 0; done < steps; ) {
      const from = step + done;
      const together = Math.min(steps - done, run - (from % run));
      const start = this.#begin('operandTable');
      operand.write(this.#table, first, count, from);
      this.#fill(start + panels * width, this.#table.zeros);
      packRuns(to + 4 * width * done, panelBytes, table, panels, together);
      done += together;
    }
  }

  /** Multiplies what was packed, or b as it lies, adding to the result after the first steps. */
  multiply(
    write: (table: Table) => void,
    [column, columns]: Range,
    [step, steps]: Range,
    asItLies: Operand['rows'],
  ): void {
    const start = this.#begin('resultTable');
    write(this.#table);
    const { numbers, at } = this.#table;
    for (let n = start; n < at; n++) numbers[n] = (numbers[n] as number) + 4 * column;
    const panels = Math.ceil((at - start) / tile.rows);
    this.#fill(start + panels * tile.rows, this.#base + places.waste);
    const [a, table] = [this.#base + places.a, this.#base + places.resultTable];
    const [b, panelBytes, stepBytes] = asItLies
      ? [asItLies.address + step * asItLies.bytes + 4 * column, 4 * tile.columns, asItLies.bytes]
      : [this.#base + places.b, 4 * tile.columns * steps, 4 * tile.columns];
    this.#exports.tiles(a, b, panelBytes, stepBytes, table, panels, columns, steps, step > 0 ? 1 : 0);
  }

  #begin(place: 'operandTable' | 'resultTable'): number {
    this.#table.at = (this.#base + places[place]) >>> 2;
    return this.#table.at;
  }

  #fill(end: number, address: number): void {
    const table = this.#table;
    while (table.at < end) table.numbers[table.at++] = address;
  }
}
