import type { FunctionBuilder, Value } from '@neural-ode/assembler';
import { reduceFunctions } from '../graph/functions.ts';
import { type Node, programNodes, type Shape, sizeOf } from '../graph/graph.ts';
import { otherAxes } from '../graph/shapes.ts';
import { type Expression, Expressions } from './expression.ts';
import { type Fusion, fuse, type Group, isElementwise, isView, squeezed, unsqueezed } from './fusion.ts';
import { emitElementwise, emitReduce, type Formulas, type Joining, type Output } from './kernel.ts';
import { emitFusedProduct, emitMatrixProduct, panelBytes } from './matrix-product.ts';
import { aroundView, emitConcat, emitCopy, emitFill, emitIndexed, emitPad, emitScan } from './move.ts';
import { Places } from './places.ts';
import type { Emitter, Job, Target } from './target.ts';
import { broadcastView, denseView, reshapeView, transposeView, type View } from './view.ts';

const joining: Readonly<Record<'sum' | 'prod' | 'max' | 'min', Joining>> = {
  sum: 'add',
  prod: 'mul',
  max: 'max',
  min: 'min',
};

type MatMul = Node & { readonly op: 'matMul' };

/** A program as loops over arrays in scratch memory. */
export const emitLoops: Emitter = (target, f, job) => new LoopWriter(target, f, job).write();

class LoopWriter {
  readonly #target: Target;
  readonly #f: FunctionBuilder;
  readonly #job: Job;
  readonly #fusion: Fusion;
  readonly #places: Places;
  readonly #results: ReadonlySet<Node>;
  /** Nodes that other groups than their own read. */
  readonly #readOutside = new Set<Node>();

  constructor(target: Target, f: FunctionBuilder, job: Job) {
    this.#target = target;
    this.#f = f;
    this.#job = job;
    this.#places = new Places(target, f, job);
    const results = new Set<Node>();
    for (const { nodes } of job.destinations) for (const node of nodes) results.add(sourceOf(node));
    if (job.returned) results.add(sourceOf(job.returned));
    this.#results = results;
    this.#fusion = fuse(programNodes(job.program), results);
  }

  write(): ReturnType<Emitter> {
    const job = this.#job;
    const target = this.#target;
    const copies = this.#assignResults();
    for (const group of this.#fusion.groups) {
      for (const node of group.nodes) {
        for (const input of node.inputs) {
          this.#places.readBy(input, group);
          const home = this.#fusion.groupOf.get(unsqueezed(input));
          if (home !== group) this.#readOutside.add(unsqueezed(input));
        }
      }
    }
    for (const result of this.#results) this.#places.readAtTheEnd(result);
    for (const group of this.#fusion.groups) {
      this.#writeGroup(group);
      this.#places.release(group);
    }
    for (const { node, output } of copies) this.#copyTo(node, output);
    let returned: Value<'f64'> | undefined;
    if (job.returned) {
      const known = constantOf(job.returned);
      if (known !== undefined) returned = this.#f.f64.const(known);
      else {
        const { base, offset } = this.#places.view(job.returned);
        const at = base.address + offset * target.element.size;
        returned =
          target.element.type === 'f32'
            ? this.#f.f64.promoteF32(this.#f.f32.load(base.pointer ?? 0, at))
            : this.#f.f64.load(base.pointer ?? 0, at);
      }
    }
    return { returned, scratchBytes: this.#places.scratch.bytes };
  }

  /** Lets nodes write straight into results where they can; what must be copied at the end. */
  #assignResults(): { node: Node; output: Output }[] {
    const counts = new Map<Node, number>();
    for (const { nodes } of this.#job.destinations) {
      for (const node of nodes) counts.set(sourceOf(node), (counts.get(sourceOf(node)) ?? 0) + 1);
    }
    if (this.#job.returned) {
      const source = sourceOf(this.#job.returned);
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    const readers = new Set<Node>();
    for (const group of this.#fusion.groups) {
      for (const node of group.nodes) for (const input of node.inputs) readers.add(sourceOf(input));
    }
    const copies: { node: Node; output: Output }[] = [];
    for (const { nodes, base, add } of this.#job.destinations) {
      let offset = 0;
      for (const node of nodes) {
        const output = { view: denseView(base, node.shape, offset), add };
        offset += sizeOf(node.shape);
        const source = sourceOf(node);
        const free = !this.#places.has(source) && !isView(source) && source.op !== 'input' && source.op !== 'constant';
        const accumulates = isElementwise(source) || source.op === 'matMul' || source.op === 'reduce';
        if (free && (!add || (accumulates && counts.get(source) === 1 && !readers.has(source)))) {
          this.#places.assign(source, {
            view: { ...output.view, ...denseView(base, source.shape, output.view.offset) },
            add,
          });
        } else {
          copies.push({ node, output });
        }
      }
    }
    return copies;
  }

  #copyTo(node: Node, output: Output): void {
    if (sizeOf(node.shape) === 0) return;
    const known = constantOf(node);
    if (known === undefined) emitCopy(this.#target, this.#f, this.#places.view(node), output);
    else if (!(output.add && known === 0)) emitFill(this.#target, this.#f, known, output);
  }

  #writeGroup({ nodes }: Group): void {
    const last = nodes.at(-1)!;
    if (isElementwise(last)) {
      const [first, ...rest] = nodes;
      if (first?.op !== 'matMul') this.#writeElementwise(nodes);
      else if (!this.#writeFused(first, rest)) {
        this.#writeAlone(first);
        this.#writeElementwise(rest);
      }
    } else if (last.op === 'reduce') this.#writeReduce(last, nodes);
    else if (!isView(last) && last.op !== 'input' && last.op !== 'constant' && sizeOf(last.shape) > 0) {
      this.#writeAlone(last);
    }
  }

  #writeElementwise(nodes: readonly Node[]): void {
    const kept = this.#kept(nodes);
    if (kept.length === 0) return;
    const shape = kept[0]!.shape;
    const formulas = this.#formulas(kept, shape, nodes);
    emitElementwise(this.#target, this.#f, formulas, this.#outputs(kept, shape));
  }

  #groupOf(node: Node): Group {
    return this.#fusion.groupOf.get(unsqueezed(node))!;
  }

  /** Those of a group that are written to memory. */
  #kept(nodes: readonly Node[]): Node[] {
    return nodes.filter((node) => this.#readOutside.has(node) || this.#results.has(node) || this.#places.has(node));
  }

  #outputs(kept: readonly Node[], shape: Shape): Output[] {
    return kept.map((node) => {
      const { view, add } = this.#places.place(node);
      return { view: { ...view, ...alike(view, shape) }, add };
    });
  }

  /** What only elementwise nodes read of a product, with them in one. @returns false where that cannot be */
  #writeFused(product: MatMul, rest: readonly Node[]): boolean {
    const kept = this.#kept(rest);
    if (kept.length === 0) return true;
    const { shape } = product;
    // Stands for the product, which gets no memory.
    const place = denseView({ address: -1 }, shape);
    const formulas = this.#formulas(kept, shape, rest, { node: product, view: place });
    const leaf = formulas.leaves.indexOf(place);
    if (leaf < 0) return false;
    const { left, right, panel } = this.#operands(product);
    const epilogue = { formulas, product: leaf, outputs: this.#outputs(kept, shape) };
    const done = emitFusedProduct(this.#target, this.#f, [left, right, place], panel, epilogue);
    this.#places.scratch.release(panel);
    return done;
  }

  /** A product's matrices, and room for a panel of one, to be released. */
  #operands(node: MatMul): { readonly left: View; readonly right: View; readonly panel: number } {
    const [x, y] = node.inputs;
    const rank = node.shape.length;
    const matrix = (operand: Node, transposed: boolean): View => {
      const { length } = operand.shape;
      let view = this.#places.view(operand);
      const turned = [...Array(length - 2).keys(), length - 1, length - 2];
      if (transposed) view = transposeView(view, turned);
      if (view.strides.some((stride) => stride < 0)) view = this.#places.copied(view, this.#groupOf(node));
      return broadcastView(view, [...node.shape.slice(0, rank - 2), ...view.shape.slice(-2)]);
    };
    const [left, right] = [matrix(x, node.transposeA), matrix(y, node.transposeB)];
    return { left, right, panel: this.#places.scratch.claim(panelBytes(x.shape.at(node.transposeA ? -2 : -1)!)) };
  }

  #writeReduce(node: Node & { readonly op: 'reduce' }, nodes: readonly Node[]): void {
    const output = this.#places.place(node);
    const [operand] = node.inputs;
    const kept = otherAxes(operand.shape.length, node.axes);
    const order = [...kept, ...node.axes];
    const formulas = this.#formulas([operand], operand.shape, nodes);
    const turned = { ...formulas, leaves: formulas.leaves.map((view) => transposeView(view, order)) };
    emitReduce(
      this.#target,
      this.#f,
      turned,
      {
        joining: joining[node.f],
        start: reduceFunctions[node.f].start,
        kept: kept.length,
        shape: order.map((axis) => operand.shape[axis]!),
      },
      output,
    );
  }

  /**
   * Nodes as formulas over views of `shape`: those among `inside` are part of the formula, others are read.
   *
   * @param given a node that is read as this view
   */
  #formulas(
    roots: readonly Node[],
    shape: Shape,
    inside: readonly Node[],
    given?: { readonly node: Node; readonly view: View },
  ): Formulas {
    const make = new Expressions(this.#target.element.type === 'f32' ? 'float32' : 'float64');
    const leaves: View[] = [];
    const known = new Map<string, number>();
    const parts = new Set(inside);
    const made = new Map<Node, Expression>();
    const operand = (node: Node, reader: Shape): Expression => {
      const constant = constantOf(node);
      if (constant !== undefined) return make.constant(constant);
      const source = unsqueezed(node);
      const part = made.get(source);
      if (part && squeezed(source.shape) === squeezed(reader)) return part;
      const view = source === given?.node ? given.view : alike(broadcastView(this.#places.view(node), reader), shape);
      const key = `${view.base.pointer?.index ?? ''} ${view.base.address} ${view.offset} ${view.strides}`;
      let leaf = known.get(key);
      if (leaf === undefined) {
        leaf = leaves.push(view) - 1;
        known.set(key, leaf);
      }
      return make.leaf(leaf);
    };
    for (const node of inside) {
      if (!parts.has(node)) continue;
      const input = (n: number) => operand(node.inputs[n]!, node.shape);
      if (node.op === 'unary') made.set(node, make.unary(node.f, input(0)));
      else if (node.op === 'binary') made.set(node, make.binary(node.f, input(0), input(1)));
      else if (node.op === 'select') made.set(node, make.select(input(0), input(1), input(2)));
    }
    return { leaves, roots: roots.map((root) => operand(root, shape)) };
  }

  #writeAlone(node: Node): void {
    const target = this.#target;
    const f = this.#f;
    switch (node.op) {
      case 'matMul': {
        const output = this.#places.place(node);
        const { left, right, panel } = this.#operands(node);
        emitMatrixProduct(target, f, left, right, output, panel);
        this.#places.scratch.release(panel);
        return;
      }
      case 'concat': {
        const parts = node.inputs.map((part) => this.#places.view(part));
        emitConcat(target, f, parts, node.axis, this.#places.place(node));
        return;
      }
      case 'pad':
        emitPad(target, f, this.#places.view(node.inputs[0]), node, this.#places.place(node));
        return;
      case 'gather': {
        const rows = aroundView(this.#places.place(node).view, node.axis)!;
        const indexed = this.#places.around(node.inputs[0], node.axis, this.#groupOf(node));
        emitIndexed(target, f, 'gather', { rows, indices: this.#places.view(node.inputs[1]), indexed });
        return;
      }
      case 'scatterAdd': {
        const output = this.#places.place(node);
        emitFill(target, f, 0, output);
        const rows = this.#places.around(node.inputs[0], node.axis, this.#groupOf(node));
        const indexed = aroundView(output.view, node.axis)!;
        emitIndexed(target, f, 'scatter', { rows, indices: this.#places.view(node.inputs[1]), indexed });
        return;
      }
      case 'scan': {
        const output = this.#places.place(node);
        const from = this.#places.around(node.inputs[0], node.axis, this.#groupOf(node));
        const to = { ...output, view: aroundView(output.view, node.axis)! };
        const { start } = reduceFunctions[node.f];
        emitScan(target, f, from, { ...node, joining: node.f === 'sum' ? 'add' : 'mul', start }, to);
        return;
      }
      default:
        throw new Error(`No loops for ${node.op}.`);
    }
  }
}

/** The node that computes another's elements in the same order. */
function sourceOf(node: Node): Node {
  let at = node;
  while (at.op === 'reshape') at = at.inputs[0];
  return at;
}

/** The number that all elements are, if that is known. */
function constantOf(node: Node): number | undefined {
  let at = node;
  while (isView(at)) at = at.inputs[0]!;
  return at.op === 'constant' && at.values.length === 1 ? at.values[0] : undefined;
}

/** The view in a shape that differs by axes of length 1. */
function alike(view: View, shape: Shape): View {
  return reshapeView(view, shape)!;
}
