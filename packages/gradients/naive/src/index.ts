export { direct, naive, naiveGradient, type NaiveOptions } from './naive.ts';
