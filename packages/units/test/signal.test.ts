import { constants } from "node:os";
import { expect, test } from "vitest";
import * as units from "../src/index.ts";

test.skipIf(process.platform !== "linux")("each signal has the number that Linux itself gives", () => {
  const { SIGBUS, SIGKILL, SIGSEGV } = constants.signals;
  expect({ SIGBUS: units.SIGBUS, SIGKILL: units.SIGKILL, SIGSEGV: units.SIGSEGV }).toEqual({ SIGBUS, SIGKILL, SIGSEGV });
});

test("the codes of one signal differ", () => {
  expect(units.SEGV_MAPERR).not.toBe(units.SEGV_ACCERR);
});
