export function threeBodyCommand(...x: unknown[]) {}
