/** What the suites need of a test runner: vitest, node:test and mocha all have it. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  test(name: string, body: () => void): void;
}

/** @throws {Error} if the two are not the same number, string or boolean. */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
}
