import type { FunctionBuilder } from '@neural-ode/assembler';
import { type InputNode, type Node, type Shape, sizeOf } from '../graph/graph.ts';
import { type Group, isView } from './fusion.ts';
import type { Output } from './kernel.ts';
import { type Layout, layoutOf } from './layout.ts';
import { aroundView, emitCopy } from './move.ts';
import { Scratch } from './scratch.ts';
import type { Base, Job, Target } from './target.ts';
import { broadcastView, denseView, reshapeView, sliceView, transposeView, type View } from './view.ts';

/** Where the arrays of a program lie: inputs, constants, results, and scratch memory until their last reader is done. */
export class Places {
  readonly scratch: Scratch;
  readonly #target: Target;
  readonly #f: FunctionBuilder;
  readonly #job: Job;
  readonly #layout: Layout;
  /** Where nodes that have memory of their own lie. */
  readonly #places = new Map<Node, Output>();
  readonly #views = new Map<Node, View>();
  /** The group after which a node's memory may serve others. */
  readonly #lastReader = new Map<Node, Group>();
  /** Pieces of scratch memory: of a node, or of nobody until a group is done. */
  readonly #owned = new Map<Node | object, number>();
  readonly #untilDone = new Map<object, Group>();

  constructor(target: Target, f: FunctionBuilder, job: Job) {
    this.scratch = new Scratch(target.scratch);
    this.#target = target;
    this.#f = f;
    this.#job = job;
    this.#layout = layoutOf(job.program);
  }

  /** Says that a group reads a node, the last of those that said so. */
  readBy(node: Node, group: Group): void {
    for (const seen of lookedAt(node)) this.#lastReader.set(seen, group);
  }

  /** Says that a node is read once more when all groups are done. */
  readAtTheEnd(node: Node): void {
    for (const seen of lookedAt(node)) this.#lastReader.delete(seen);
  }

  /** Frees the memory that only this group, which is written now, was the last to read. */
  release(group: Group): void {
    for (const [owner, address] of this.#owned) {
      if ((this.#lastReader.get(owner as Node) ?? this.#untilDone.get(owner)) !== group) continue;
      this.scratch.release(address);
      this.#owned.delete(owner);
    }
  }

  /** Says where a node is written. */
  assign(node: Node, output: Output): void {
    this.#places.set(node, output);
  }

  /** Whether it is known where a node is written. */
  has(node: Node): boolean {
    return this.#places.has(node);
  }

  /** Where a node is written: a result, or scratch memory. */
  place(node: Node): Output {
    let place = this.#places.get(node);
    if (!place) {
      const { address, view } = this.#fresh(node.shape);
      place = { view, add: false };
      this.#places.set(node, place);
      this.#owned.set(node, address);
    }
    return place;
  }

  /** Where a node's elements lie. */
  view(node: Node): View {
    let view = this.#views.get(node);
    if (!view) {
      view = this.#makeView(node);
      this.#views.set(node, view);
    }
    return view;
  }

  /** A dense copy, which lives until the reading group is done. */
  copied(view: View, reader: Group): View {
    const { address, view: copy } = this.#fresh(view.shape);
    emitCopy(this.#target, this.#f, view, { view: copy, add: false });
    const owner = {};
    this.#owned.set(owner, address);
    this.#untilDone.set(owner, reader);
    return copy;
  }

  /** A node's elements with the axes before and behind one joined, for a group to read. */
  around(node: Node, axis: number, reader: Group): View {
    const view = this.view(node);
    return aroundView(view, axis) ?? aroundView(this.copied(view, reader), axis)!;
  }

  #fresh(shape: Shape): { address: number; view: View } {
    const address = this.scratch.claim(sizeOf(shape) * this.#target.element.size);
    return { address, view: denseView({ address }, shape) };
  }

  #makeView(node: Node): View {
    const { element, constants } = this.#target;
    switch (node.op) {
      case 'input':
        return this.#inputView(node);
      case 'constant': {
        const values = element.type === 'f32' ? Float32Array.from(node.values) : node.values;
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        return denseView({ address: constants(bytes.slice()) }, node.shape);
      }
      case 'transpose':
        return transposeView(this.view(node.inputs[0]), node.order);
      case 'slice':
        return sliceView(this.view(node.inputs[0]), node.begin, node.shape, node.strides);
      case 'broadcast':
        return broadcastView(this.view(node.inputs[0]), node.shape);
      case 'reshape': {
        const below = this.view(node.inputs[0]);
        const view = reshapeView(below, node.shape);
        if (view) return view;
        // Kept for the rest of the function: its readers are not followed.
        const { view: copy } = this.#fresh(below.shape);
        emitCopy(this.#target, this.#f, below, { view: copy, add: false });
        return denseView(copy.base, node.shape);
      }
      default: {
        const place = this.#places.get(node);
        if (!place) throw new Error(`A ${node.op} is read before it is written.`);
        return place.view;
      }
    }
  }

  #inputView(node: InputNode): View {
    const [job, f] = [this.#job, this.#f];
    const { element } = this.#target;
    if (node.role === 't') {
      const { view } = this.#fresh([]);
      const { address } = view.base;
      if (element.type === 'f32') f.f32.store(0, f.f32.demoteF64(job.t), address);
      else f.f64.store(0, job.t, address);
      return view;
    }
    return denseView(job.inputs[node.role] as Base, node.shape, this.#layout.offset(node));
  }
}

/** A node and those whose memory it looks at. */
function lookedAt(node: Node): Node[] {
  const nodes = [node];
  for (let at = node; isView(at); ) {
    at = at.inputs[0]!;
    nodes.push(at);
  }
  return nodes;
}
