import { useBackend } from '@neural-ode/tensor';
import { describeOperations } from '@neural-ode/testing/operations';
import { wasmBackend } from './index.ts';

describeOperations('wasm in two threads', { start: () => useBackend(wasmBackend, { threads: 2 }) });
