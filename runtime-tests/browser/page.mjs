// The suite in the page and in a worker; the outcomes are read from outside.
import { run } from '../suite.mjs';

function inWorker() {
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`the worker failed: ${message}`));
  });
}

globalThis.outcomes = Promise.all([run(), inWorker()]);
