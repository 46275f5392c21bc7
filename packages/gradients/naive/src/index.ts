export { direct, type NaiveOptions, naive, naiveGradient } from './naive.ts';
