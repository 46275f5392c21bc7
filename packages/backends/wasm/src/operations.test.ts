import { useBackend } from '@neural-ode/tensor';
import { describeOperations } from '@neural-ode/testing/operations';
import './register.ts';

describeOperations('wasm', { start: () => useBackend('wasm') });
