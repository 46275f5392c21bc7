import '@neural-ode/gradient-aca/register';
import '@neural-ode/solvers/register';
import { checkOptions, checkTimes, InvalidInputError, type Mesh, resolve, type Stats } from '@neural-ode/core';
import { completeGradients, odeint, solve, solveAsync } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { layers, type Shape, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { BatchNorm } from './batch-norm.ts';
import { checkPure, layersWithin, loadLayer, saveLayer } from './field-layers.ts';
import {
  type CallOptions,
  channelCount,
  type Layer,
  type LayerOptions,
  layerOptions,
  onlyShape,
  onlyTensor,
  present,
  savedOptions,
} from './layer.ts';
import { checkNames, namedOptions, type OdeOptions, odeOptionNames } from './ode-options.ts';
import { visitingSteps } from './visiting-steps.ts';

// tfjs-layers brings tfjs's own gradients along when it is loaded.
completeGradients();

/** Options of {@link neuralOde}. */
export interface OdeBlockOptions extends OdeOptions, LayerOptions {
  /**
   * The field y' = f(t, y): a layer, a model, or a list of layers that follow one another. It must be pure, and return the
   * shape `[batch, ...]` of its input.
   */
  readonly f: Layer | readonly Layer[];
  /** The span of time. Default 0 to 1. */
  readonly t0?: number | undefined;
  readonly t1?: number | undefined;
  /** Output times in place of `t0` and `t1`: strictly monotonic, the start first. */
  readonly times?: readonly number[] | undefined;
  /** Whether f gets the time, as one more channel behind those of y. Default false. */
  readonly time?: boolean | undefined;
}

/** What a solve took. */
export interface OdeBlockSolve extends Stats {
  /** Ends of the accepted steps, the start included. */
  readonly mesh: readonly number[];
}

/** Steps for the next call, and what they were searched for. */
interface Plan {
  readonly mesh: Pick<Mesh<never>, 'ts'>;
  readonly training: boolean;
  readonly shape: readonly number[];
}

const ownOptionNames = ['f', 't0', 't1', 'times', 'time', ...odeOptionNames];

/**
 * A layer that solves y' = f(t, y). Its input `[batch, ...]` is y(t0), its output y(t1); with `times` it is the state at each
 * of them, `[batch, times.length, ...]`.
 *
 * The weights of f are its weights. Its gradient is taken by the chosen strategy wherever tfjs takes one, as in `model.fit`.
 */
export class OdeBlock extends layers.Layer {
  static readonly className = 'OdeBlock';
  /** The layers of f, in order. */
  readonly field: readonly Layer[];
  readonly times: readonly number[];
  readonly time: boolean;
  private readonly everyTime: boolean;
  private options: OdeOptions = {};
  private planned: Plan | undefined;
  private solved: OdeBlockSolve | undefined;

  /** @throws InvalidInputError, RegistryError for an option that is unusable, or a field that is not pure */
  constructor(options: OdeBlockOptions) {
    super(layerOptions(options, ownOptionNames));
    const { f, t0, t1, times, time } = options;
    this.field = [f].flat() as Layer[];
    if (this.field.length === 0 || this.field.some((layer) => typeof layer?.getClassName !== 'function')) {
      throw new InvalidInputError('f', `The field of '${this.name}' is no layer: give a layer, a model, or layers.`);
    }
    checkPure(this.field, `The field of '${this.name}'`);
    if (times && (t0 ?? t1) !== undefined) {
      throw new InvalidInputError('times', 'Both times and t0 or t1 are given: times holds the span already.');
    }
    this.times = times ? [...times] : [t0 ?? 0, t1 ?? 1];
    checkTimes(this.times, times ? 'times' : 'the span [t0, t1]');
    if (this.times.length < 2) throw new InvalidInputError('times', 'times holds one time: give a start and an end.');
    this.everyTime = times !== undefined;
    this.time = time ?? false;
    this.configure(Object.fromEntries(odeOptionNames.map((name) => [name, options[name]])));
  }

  /**
   * Changes how the block solves from now on, as to another solver for a trained model. An option that is not given stays as
   * it is; one that is undefined takes its default.
   *
   * @throws InvalidInputError, RegistryError for options and names that do not exist
   */
  configure(options: OdeOptions): void {
    checkOptions(options, odeOptionNames);
    checkNames(options);
    this.options = { ...this.options, ...options };
    this.forgetPlan();
  }

  /** What the latest solve took; undefined before the first. */
  get latest(): OdeBlockSolve | undefined {
    return this.solved;
  }

  /** Builds the layers of f and takes their weights for its own. */
  override build(inputShape: Shape | Shape[]): void {
    const shape = onlyShape(this, inputShape);
    const input = this.time ? [...shape.slice(0, -1), channelCount(this, shape) + 1] : shape;
    // Layers that are applied to a symbol build themselves, and scope the names of their weights.
    const symbol = new SymbolicTensor('float32', input, null as never, [], {});
    const slope = this.field.reduce((x, layer) => layer.apply(x) as SymbolicTensor, symbol);
    if (!tf.util.arraysEqual(slope.shape as number[], shape as number[])) {
      throw new InvalidInputError(
        'f',
        `The field of '${this.name}' takes the shape [${input}] to [${slope.shape}]: its slope must have that of y, [${shape}].`,
      );
    }
    this.trainableWeights = this.field.flatMap((layer) => layer.trainableWeights);
    this.nonTrainableWeights = this.field.flatMap((layer) => layer.nonTrainableWeights);
    this.addLoss(this.field.flatMap((layer) => layer.losses));
    if (!this.trainable) this.trainable = false;
    this.built = true;
  }

  /** @throws SolveError when the solve stops short; FieldError, InvalidInputError */
  override call(inputs: tf.Tensor | tf.Tensor[], options: CallOptions = {}): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, options);
      const y0 = onlyTensor(this, inputs);
      const { training } = options;
      const { gradient = 'aca', ...steps } = { ...this.steps, mesh: this.takePlan(y0, training) };

      let observe: CallOptions['observe'] = ignore;
      let visited = !training || !this.hasRunningStatistics;
      const f = (t: tf.Scalar, y: tf.Tensor) => this.slope(t, y, { training, observe });
      const visit = (evaluate: () => void) => {
        // Without an observer the layers update their running statistics.
        observe = options.observe;
        visited = true;
        try {
          evaluate();
        } finally {
          observe = ignore;
        }
      };

      const strategy = resolve('gradient', gradient);
      let ts: readonly number[] = [];
      const ys = odeint(f, y0, this.times, {
        ...steps,
        gradient: visited ? strategy : visitingSteps(strategy, visit),
        onForward: ({ mesh, evaluations, accepted, rejected }) => {
          ({ ts } = mesh);
          this.solved = { mesh: ts, evaluations, accepted, rejected };
        },
      });
      // No gradient is recorded, so that there was no strategy to visit the steps.
      if (!visited) this.visitSteps(f, y0, ts, visit);
      return this.atTimes(ys, y0.shape);
    });
  }

  /**
   * Solves without blocking, and keeps the steps for the next call, which takes them without a search: on a backend that
   * cannot be read synchronously, call it with the tensor that the next call will get. It changes no running statistics. A
   * call for another shape, or in training where the plan is not, throws an InvalidInputError.
   *
   * @returns what that call will return; the caller disposes it
   */
  async plan(y0: tf.Tensor, { training }: Pick<CallOptions, 'training'> = {}): Promise<tf.Tensor> {
    if (!this.built) this.apply(new SymbolicTensor('float32', y0.shape, null as never, [], {}));
    const f = (t: tf.Scalar, y: tf.Tensor) => this.slope(t, y, { training, observe: ignore });
    const solution = await solveAsync({ f, y0, ...this.span }, { ...this.steps, saveAt: this.times });
    this.planned = { mesh: solution.mesh, training: Boolean(training), shape: y0.shape };
    try {
      return tf.tidy(() => this.atTimes(tf.stack([...solution.ys]), y0.shape));
    } finally {
      solution.dispose();
    }
  }

  /** Drops the steps that {@link plan} found. */
  forgetPlan(): void {
    this.planned = undefined;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = onlyShape(this, inputShape);
    return this.everyTime ? [shape[0] ?? null, this.times.length, ...shape.slice(1)] : shape;
  }

  /** @throws InvalidInputError when the solver, strategy or controller is registered under no name */
  override getConfig(): tf.serialization.ConfigDict {
    const [t0, t1] = this.times;
    return present({
      ...super.getConfig(),
      f: this.field.map(saveLayer),
      ...(this.everyTime ? { times: [...this.times] } : { t0, t1 }),
      time: this.time,
      ...namedOptions(this.options),
    }) as tf.serialization.ConfigDict;
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const f = (config.f as tf.serialization.ConfigDict[]).map(loadLayer);
    return new cls({ ...savedOptions(config), f });
  }

  override setFastWeightInitDuringBuild(value: boolean): void {
    for (const layer of this.field) layer.setFastWeightInitDuringBuild(value);
  }

  private takePlan(y0: tf.Tensor, training: boolean | undefined): Plan['mesh'] | undefined {
    const plan = this.planned;
    this.forgetPlan();
    if (!plan || (plan.training === Boolean(training) && tf.util.arraysEqual(plan.shape as number[], y0.shape))) {
      return plan?.mesh;
    }
    const call = (of: { readonly training?: boolean | undefined; readonly shape: readonly number[] }) =>
      `an input of shape [${of.shape}] ${of.training ? '' : 'not '}in training`;
    throw new InvalidInputError(
      'inputs',
      `The steps of '${this.name}' were planned for ${call(plan)}, and it is called with ${call({ training, shape: y0.shape })}: ` +
        'plan for the very next call, and make it by apply, since predict splits its input.',
    );
  }

  private get steps() {
    const { solver = 'dopri5', ...options } = this.options;
    return { ...options, solver };
  }

  private get span() {
    return { t0: this.times[0] as number, t1: this.times.at(-1) as number };
  }

  private get hasRunningStatistics(): boolean {
    return this.field.flatMap(layersWithin).some((layer) => layer instanceof BatchNorm);
  }

  private slope(t: tf.Scalar, y: tf.Tensor, options: CallOptions): tf.Tensor {
    const clock = () => tf.add(tf.zeros([...y.shape.slice(0, -1), 1]), t);
    const input = this.time ? tf.concat([y, clock()], -1) : y;
    return this.field.reduce((x, layer) => [layer.apply(x, { ...options }) as tf.Tensor].flat()[0] as tf.Tensor, input);
  }

  private visitSteps(
    f: (t: tf.Scalar, y: tf.Tensor) => tf.Tensor,
    y0: tf.Tensor,
    ts: readonly number[],
    visit: (evaluate: () => void) => void,
  ): void {
    const { ys } = solve({ f, y0, ...this.span }, { ...this.steps, mesh: { ts }, saveAt: 'steps' });
    for (const [n, y] of ys.slice(0, -1).entries()) visit(() => f(tf.scalar(ts[n] as number), y));
  }

  /** @param ys states at the output times, `[times.length, ...shape]` */
  private atTimes(ys: tf.Tensor, shape: number[]): tf.Tensor {
    const [batch = 1, ...sample] = shape;
    const count = this.times.length;
    // Few axes: backends slice and transpose those by faster code, or at all.
    if (!this.everyTime) return tf.reshape(tf.slice(tf.reshape(ys, [count, -1]), count - 1), shape);
    const batchFirst = tf.transpose(tf.reshape(ys, [count, batch, -1]), [1, 0, 2]);
    return tf.reshape(batchFirst, [batch, count, ...sample]);
  }
}
tf.serialization.registerClass(OdeBlock);

function ignore(): void {}

/** An {@link OdeBlock}. */
export function neuralOde(options: OdeBlockOptions): OdeBlock {
  return new OdeBlock(options);
}

/** The ODE blocks of a model, in order, those inside of fields and inner models too. */
export function odeBlocks(model: Layer): OdeBlock[] {
  return layersWithin(model).filter((layer) => layer instanceof OdeBlock);
}
