import { NeuralOdeError } from '@neural-ode/core';
import { collectiveSum, shared, sharedBytes } from './collective.ts';
import { type Making, type Order, obey } from './thread.ts';

/** What both kinds of workers have in common. */
interface Thread {
  post(order: Order): void;
  end(): void;
}

/** How long a call waits for another thread that makes no progress, in milliseconds. */
const patience = 120_000;

/** Threads that call functions of WebAssembly instances at the same time, this one among them. */
export class ThreadPool {
  /** How many threads, this one included. */
  readonly count: number;
  /** Adds up the threads' parts; for the instance in this thread. */
  readonly sum: (part: number) => number;
  readonly #threads: readonly Thread[];
  readonly #integers: Int32Array<SharedArrayBuffer>;
  #teams = 0;
  #calls = 0;
  #ended = false;

  private constructor(buffer: SharedArrayBuffer, threads: readonly Thread[]) {
    this.count = threads.length + 1;
    this.#threads = threads;
    this.#integers = new Int32Array(buffer);
    this.sum = collectiveSum(buffer, sharedBytes(this.count).sums, 0, this.count, patience);
  }

  /**
   * Starts count - 1 workers. They keep no process alive.
   *
   * @throws NeuralOdeError where threads cannot share memory, or a worker does not start
   */
  static async start(count: number): Promise<ThreadPool> {
    if (typeof SharedArrayBuffer === 'undefined') {
      throw new NeuralOdeError(
        'threads',
        'Threads need SharedArrayBuffer, which this page has not: serve it with the headers Cross-Origin-Opener-Policy: ' +
          'same-origin and Cross-Origin-Embedder-Policy: require-corp, or solve in one thread.',
      );
    }
    const { bytes } = sharedBytes(count);
    const buffer = new SharedArrayBuffer(bytes);
    const ranks = Array.from({ length: count - 1 }, (_, n) => n + 1);
    const started = await Promise.allSettled(ranks.map((rank) => startThread(buffer, rank, count)));
    const threads = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failure = started.find((one) => one.status === 'rejected');
    if (failure) {
      for (const thread of threads) thread.end();
      throw new NeuralOdeError(
        'threads',
        `A worker did not start (${failure.reason}): a page's Content-Security-Policy needs worker-src blob:, or solve ` +
          'in one thread.',
      );
    }
    return new ThreadPool(buffer, threads);
  }

  /** A number for instances that work together, one in each thread. */
  newTeam(): number {
    return this.#teams++;
  }

  /** Starts a module in another thread, its rank being 1 or more. */
  make(rank: number, making: Making): void {
    if (!this.#ended) this.#threads[rank - 1]?.post(making);
  }

  /**
   * Calls the same function of a team's instances at the same time and waits for all of them.
   *
   * @param own calls that of this thread
   * @returns what they returned, in the threads' order
   * @throws NeuralOdeError when a thread failed, after which the pool is of no more use
   */
  call(team: number, name: string, own: () => number): number[] {
    if (this.#ended) {
      throw new NeuralOdeError('threads', 'The threads were ended: start them again by useThreads, or compile anew.');
    }
    const integers = this.#integers;
    for (const thread of this.#threads) thread.post({ team, call: name });
    this.#calls = (this.#calls + this.#threads.length) | 0;
    try {
      const first = own();
      this.#wait();
      if (Atomics.load(integers, shared.failed) !== 0) throw new Error('see its own message');
      return [first, ...this.#threads.map((_, n) => Atomics.load(integers, shared.results + n + 1))];
    } catch (cause) {
      Atomics.store(integers, shared.failed, 1);
      this.end();
      const error = new NeuralOdeError(
        'threads',
        `A thread failed in a solve (${(cause as Error).message}), so its threads were ended: start them again by useThreads, ` +
          'or solve in one thread.',
      );
      error.cause = cause;
      throw error;
    }
  }

  /** Until all calls are finished. */
  #wait(): void {
    const integers = this.#integers;
    const until = Date.now() + patience;
    for (;;) {
      const finished = Atomics.load(integers, shared.finished);
      if (finished === this.#calls) return;
      if (Date.now() > until) throw new Error('another thread does not answer');
      if (mayBlock) Atomics.wait(integers, shared.finished, finished, 100);
    }
  }

  /** Whether it was ended without a failure: what was begun in it goes on in one thread. */
  get isRetired(): boolean {
    return this.#ended && Atomics.load(this.#integers, shared.failed) === 0;
  }

  /** Ends the workers. */
  end(): void {
    this.#ended = true;
    for (const thread of this.#threads) thread.end();
  }
}

/** A page's own thread may not be blocked: it waits by looking again. */
const mayBlock: boolean = !('document' in globalThis);

/** What is used of Node's own workers. */
interface NodeWorkers {
  readonly Worker: new (
    code: string,
    options: { readonly eval: true; readonly workerData: unknown },
  ) => {
    once(event: 'message' | 'error', listener: (value: unknown) => void): void;
    on(event: 'error', listener: () => void): void;
    postMessage(order: Order): void;
    terminate(): Promise<number>;
    unref(): void;
  };
}

/** Undefined outside of Node; bundlers would stumble over an import. */
function nodeWorkers(): NodeWorkers | undefined {
  const { process } = globalThis as unknown as { process?: { getBuiltinModule?(id: string): unknown } };
  return process?.getBuiltinModule?.('node:worker_threads') as NodeWorkers | undefined;
}

/** A worker that has said that it is ready. */
async function startThread(buffer: SharedArrayBuffer, rank: number, threads: number): Promise<Thread> {
  const { sums } = sharedBytes(threads);
  const result = shared.results + rank;
  // Bundlers may name functions by a helper, which the sources then expect.
  const source = (listen: string) => `
    const __name = (f) => f;
    const start = ({ buffer }, listen, ready) => {
      const sum = (${collectiveSum})(buffer, ${sums}, ${rank}, ${threads}, ${patience});
      (${obey})(listen, buffer, ${result}, sum);
      ready('ready');
    };
    ${listen}`;
  if (typeof Worker === 'undefined') {
    const workers = nodeWorkers();
    if (!workers) throw new Error('there are no workers here');
    const code = source(`
      const { parentPort, workerData } = require('node:worker_threads');
      start(workerData, (receive) => parentPort.on('message', receive), (word) => parentPort.postMessage(word));`);
    const worker = new workers.Worker(code, { eval: true, workerData: { buffer } });
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    // A failure is told by the shared integers.
    worker.on('error', () => {});
    worker.unref();
    return { post: (order) => worker.postMessage(order), end: () => void worker.terminate() };
  }
  const code = source(`
    addEventListener('message', ({ data }) => start(data, (receive) => {
      addEventListener('message', ({ data }) => receive(data));
    }, (word) => postMessage(word)), { once: true });`);
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module' });
  try {
    await new Promise((resolve, reject) => {
      worker.addEventListener('message', resolve, { once: true });
      worker.addEventListener('error', (event) => reject(event.message ?? 'error'), { once: true });
      worker.postMessage({ buffer });
    });
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    URL.revokeObjectURL(url);
  }
  // Bun and Deno have it as Node has.
  (worker as { unref?: () => void }).unref?.();
  return { post: (order) => worker.postMessage(order), end: () => worker.terminate() };
}
