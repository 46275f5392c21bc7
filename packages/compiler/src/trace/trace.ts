import { FieldError, InvalidInputError } from '@neural-ode/core';
import { completeGradients } from '@neural-ode/tensor';
import { type FlatTree, flatten, gradients, slopeLeaves, unflatten } from '@neural-ode/tensor/internal';
import type * as tf from '@tensorflow/tfjs-core';
import { full, input } from '../graph/build.ts';
import type { InputNode, Inputs, Node, SlopeProgram, VjpProgram } from '../graph/graph.ts';
import { firstDifference } from '../graph/same-graph.ts';
import { CompileError, unsupported } from './compile-error.ts';
import { engine, joined, onBackend } from './engine.ts';
import { type Literals, watchLiterals } from './literals.ts';
import { Parameters, type TracedParameter } from './parameters.ts';
import { symbol, traceBackend, traceBackendName } from './recorder.ts';

/** What a field is traced on. */
export interface TraceOptions {
  /** A state: a tensor, or a nesting of arrays and records. Only its shapes matter. */
  readonly y: unknown;
  /** The arguments, given to f as they are; their tensors are parameters. Default: none. */
  readonly args?: unknown;
  /** Makes captured tensors, but not variables, constants. Default false: they are parameters. */
  readonly embed?: boolean;
  /**
   * Keeps constants as the doubles that were written, although tfjs stores float32: numbers and arrays exactly, typed
   * arrays as decimals of up to seven digits that round to them. False takes the float32 values. Default true.
   */
  readonly decimals?: boolean;
}

/** A field as a graph. */
export interface Trace {
  /** The leaves of args first, then what f captures, in the order in which it is met. */
  readonly parameters: readonly TracedParameter[];
  /** f(t, y), with inputs for t, the leaves of y and `parameters`. */
  readonly slope: SlopeProgram;
  /**
   * The vector-Jacobian product, traced when first asked for, on the same inputs.
   *
   * @throws CompileError when an operation has no gradient
   */
  vjp(): VjpProgram;
}

/**
 * Turns a tfjs function into a graph, by calling it with tensors that record what is done to them. Nothing is computed,
 * no backend is touched, and the current backend is the same as before, also when f throws. f is called twice, to see that
 * it does the same both times.
 *
 * The graph is that of one call: JavaScript that depends on values outside, as a counter, stays as it was then.
 *
 * @param f the field f(t, y, args)
 * @returns programs not simplified yet
 * @throws CompileError for what cannot be compiled, FieldError when f returns no slope of the state, and what f throws
 */
export function trace(f: unknown, options: TraceOptions): Trace {
  const state = flatten(options.y, 'y0', (message) => new InvalidInputError('y0', message));
  const decimals = options.decimals ?? true;
  const parameters = new Parameters(leavesOf(options.args), options.embed ?? false, decimals);
  const t = input('t', 0, []);
  const y = state.leaves.map(({ shape }, n) => input('y', n, shape));

  /** Calls f and takes its result apart. */
  const call = (time: tf.Tensor, leaves: readonly tf.Tensor[]): tf.Tensor[] => {
    const given = unflatten(state.structure, leaves);
    const result = (f as (...parts: unknown[]) => unknown)(time, given, options.args);
    return slopesOf(result, state);
  };
  const slopes = () =>
    record(parameters, decimals, () => call(symbol(t), y.map(symbol)).map((slope) => traceBackend().nodeOf(slope)));

  const slope = slopes();
  const different = firstDifference(slope, slopes());
  if (different) throw impure(different);

  const inputs = (cotangent: readonly InputNode[]): Inputs => ({ t, y, parameters: parameters.inputs, cotangent });
  let vjp: VjpProgram | undefined;
  return {
    parameters: parameters.list,
    slope: { inputs: inputs([]), outputs: { slope } },
    vjp() {
      const cotangent = state.leaves.map(({ shape }, n) => input('cotangent', n, shape));
      vjp ??= { inputs: inputs(cotangent), outputs: traceVjp(call, parameters, decimals, t, y, cotangent) };
      return vjp;
    },
  };
}

/**
 * Why a field cannot be compiled; undefined when it can.
 *
 * @param gradient whether its vector-Jacobian product is wanted too; default true
 */
export function supports(f: unknown, options: TraceOptions, gradient = true): string | undefined {
  try {
    const traced = trace(f, options);
    if (gradient) traced.vjp();
    return undefined;
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
}

function traceVjp(
  call: (time: tf.Tensor, state: readonly tf.Tensor[]) => tf.Tensor[],
  parameters: Parameters,
  decimals: boolean,
  t: InputNode,
  y: readonly InputNode[],
  cotangent: readonly InputNode[],
): VjpProgram['outputs'] {
  completeGradients();
  return record(parameters, decimals, () => {
    const time = symbol(t);
    const state = y.map(symbol);
    const wanted = parameters.list.filter(({ differentiated }) => differentiated);
    const dys = cotangent.map(symbol);
    const grads = gradients(
      () => joined(call(time, state), dys),
      [time, ...state, ...wanted.map(({ tensor }) => tensor)],
    );
    const cotangentOf = (node: InputNode, place: number): Node => {
      const grad = grads[place];
      return grad ? traceBackend().nodeOf(grad) : full(node.shape, 0);
    };
    return {
      t: [cotangentOf(t, 0)],
      y: y.map((node, n) => cotangentOf(node, 1 + n)),
      parameters: parameters.inputs.map((node, n) => {
        const place = wanted.indexOf(parameters.list[n] as TracedParameter);
        return cotangentOf(node, place < 0 ? -1 : 1 + y.length + place);
      }),
    };
  });
}

/** Runs `f` under the tracing backend and puts everything back. */
function record<T>(parameters: Parameters, decimals: boolean, f: () => T): T {
  const backend = traceBackend();
  const literals: Literals | undefined = decimals ? watchLiterals() : undefined;
  const stop = backend.record({ outside: (tensor) => parameters.nodeOf(tensor), literals });
  let failure: unknown;
  const failed = (error: unknown) => {
    failure ??= error;
  };
  const reads = (dataId: object) => {
    const variables = Object.values(engine().state.registeredVariables);
    const variable = variables.find((one) => one.dataId === dataId);
    if (!variable && !parameters.varies(dataId)) return;
    const what = variable ? `the variable '${variable.name}'` : 'a tensor in args';
    throw new CompileError(
      'dataSync',
      `The field reads the values of ${what}, which may be others at the next solve: compute with operations, or pass ` +
        'a number from outside.',
    );
  };
  try {
    const result = onBackend({ name: traceBackendName, backend, reads, failed }, f);
    if (failure !== undefined) throw failure;
    return result;
  } catch (error) {
    throw failure ?? named(error);
  } finally {
    stop();
    literals?.close();
  }
}

/** tfjs's own errors about what it cannot find, as errors that name the operation. */
function named(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  const kernel = message.match(/Kernel '(\w+)' not registered/)?.[1];
  if (kernel) return unsupported(kernel);
  const gradient = message.match(/gradient function not found for (\w+)/)?.[1];
  if (!gradient) return error;
  return new CompileError(
    gradient,
    `The field uses the operation ${gradient}, which has no gradient in tfjs: write it with others, or solve without ` +
      'a gradient.',
  );
}

function slopesOf(result: unknown, y: FlatTree): tf.Tensor[] {
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new CompileError('await', 'The field returns a promise: return tensors, computed without await.');
  }
  const fail = (message: string) => new FieldError(Number.NaN, `The field returned no slope of the state: ${message}`);
  return slopeLeaves(result, y, fail);
}

/** The tensors of the arguments. */
function leavesOf(args: unknown): tf.Tensor[] {
  return args === undefined ? [] : flatten(args, 'args', (message) => new InvalidInputError('args', message)).leaves;
}

function impure(node: Node): CompileError {
  const what = node.op === 'constant' ? `other numbers (of shape [${node.shape}])` : `another operation (${node.op})`;
  return new CompileError(
    'impure',
    `The field is no pure function: called a second time it uses ${what}. Draw random numbers and count outside of it, ` +
      'and pass them in args.',
  );
}
