import { constants } from "node:os";
import { expect, test } from "vitest";
import * as units from "../src/index.ts";

const errnos = Object.entries(units).filter((entry): entry is [string, number] => /^E[A-Z]+$/.test(entry[0]) && entry[0] !== "EXEC");

test.skipIf(process.platform !== "linux")("each error number is the one that Linux itself gives", () => {
  const linux = constants.errno as unknown as Record<string, number>;
  expect(errnos.length).toBeGreaterThan(15);
  for (const [name, value] of errnos) expect([name, value]).toEqual([name, linux[name]]);
});

test("each status has its name, and one without a name shows its number", () => {
  for (const [name, value] of errnos) expect(units.statusName(value)).toBe(name);
  expect(units.statusName(units.OK)).toBe("OK");
  expect(units.statusName(4095)).toContain("4095");
});

test("no two statuses are one", () => {
  expect(new Set(errnos.map(([, value]) => value)).size).toBe(errnos.length);
  expect(errnos.every(([, value]) => value > 0)).toBe(true);
});
