import { SingleBar } from 'cli-progress';
import type { Io } from '../command-line/io.ts';
import type { Epoch } from './fit.ts';

/** Shows how a fit gets on: a bar on a terminal, about ten lines a start elsewhere. */
export interface Progress {
  show(epoch: Epoch): void;
  /** Puts the terminal back in order; harmless when called again. */
  stop(): void;
}

export function progress(io: Io, epochs: number): Progress {
  return io.stdout.isTTY ? bar(io, epochs) : lines(io, epochs);
}

function bar({ stdout }: Io, epochs: number): Progress {
  const single = new SingleBar({
    stream: stdout,
    format: '{bar} epoch {value}/{total}{start}  loss {loss}  masses {masses}  {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 10,
    etaBuffer: 20,
    hideCursor: true,
    linewrap: true,
    // The program ends by itself on Ctrl-C.
    gracefulExit: false,
  });
  let current = 0;
  const stop = () => {
    if (current > 0) single.stop();
    current = 0;
  };
  return {
    show(epoch) {
      const payload = { start: epoch.start > 1 ? ` of start ${epoch.start}` : '', ...texts(epoch) };
      if (epoch.start !== current) {
        stop();
        single.start(epochs, 0, payload);
        current = epoch.start;
      }
      single.update(epoch.epoch, payload);
    },
    stop,
  };
}

function lines({ stdout }: Io, epochs: number): Progress {
  const every = Math.ceil(epochs / 10);
  let began = performance.now();
  return {
    show({ start, epoch, ...state }) {
      if (epoch === 1) began = performance.now();
      if (epoch === 1 && start > 1) stdout.write(`caught in a local minimum: start ${start}\n`);
      if (epoch % every !== 0 && epoch !== epochs && epoch !== 1) return;
      const { loss, masses } = texts(state);
      const seconds = ((performance.now() - began) / Math.max(1, epoch - 1) / 1000) * (epochs - epoch);
      const left = epoch > 1 && seconds >= 1 ? `  ${Math.round(seconds)} s left` : '';
      stdout.write(
        `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  loss ${loss}  masses ${masses}${left}\n`,
      );
    },
    stop() {},
  };
}

function texts({ loss, masses }: Pick<Epoch, 'loss' | 'masses'>) {
  return { loss: loss.toExponential(2), masses: masses.map((mass) => mass.toFixed(4)).join(' ') };
}
