// The suite in the page; the outcome is read from outside.
import { run } from '../suite.mjs';

globalThis.outcome = run().then(
  (device) => ({ device }),
  (error) => ({ failure: error?.message ?? String(error) }),
);
