/** Throws, and so fails the test that is running, unless `condition` holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected that ${what}`);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
}
