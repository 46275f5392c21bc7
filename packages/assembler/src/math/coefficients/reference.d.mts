export interface Real {
  readonly m: bigint;
  readonly e: number;
}
export function reference(name: string, ...args: readonly number[]): Real;
export function ulps(value: number, real: Real, wide: boolean): number;
