export { aca } from './aca.ts';
