export * from './explicit.ts';
export { type ExplicitRungeKutta, explicitRungeKutta } from './explicit-runge-kutta.ts';
