import { expect, test } from "vitest";
import { closingLine, sum, tallyOfCheck, tallyOfVitest } from "./tally.ts";

const file = (status: string, ...tests: string[]) => ({ name: "some.test.ts", status, assertionResults: tests.map((each) => ({ status: each })) });

test("tests are counted by what came of them, those that did not run as skipped", () => {
  const report = { success: false, testResults: [file("passed", "passed", "pending"), file("failed", "failed", "passed", "todo", "skipped")] };
  expect(tallyOfVitest(report)).toEqual({ passed: 2, failed: 1, skipped: 3 });
});

test("a file that could not be loaded is a failure", () => {
  expect(tallyOfVitest({ success: false, testResults: [file("passed", "passed"), file("failed")] })).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("a file whose hooks failed after its tests passed is a failure", () => {
  expect(tallyOfVitest({ success: false, testResults: [file("failed", "passed")] })).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("a run that failed without a failed test is a failure", () => {
  expect(tallyOfVitest({ success: false, testResults: [file("passed", "passed")] })).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("the closing line has the three numbers and nothing else", () => {
  expect(closingLine(sum([tallyOfCheck(true), tallyOfCheck(false), { passed: 3, failed: 0, skipped: 2 }]))).toBe("4 passed, 1 failed, 2 skipped");
});
