/** What all published suites stand on: whatever runs the tests is a parameter, and a test fails by throwing. */

/** Whatever runs the tests: vitest, node:test, mocha, or anything else that has these two. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => void) => void;
}

/** Throws, and so fails the test that is running, unless `condition` holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected that ${what}`);
}

/** Throws unless both are the same value, as `Object.is` has it. `what` says what was looked at. */
export function same(actual: unknown, expected: unknown, what: string = "it"): void {
  if (!Object.is(actual, expected)) throw new Error(`${what} is ${String(actual)}, expected ${String(expected)}`);
}
