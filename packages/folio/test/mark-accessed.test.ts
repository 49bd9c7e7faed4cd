import { reservedColumns } from "@zeropfn/state";
import { describe, expect, test } from "vitest";
import {
  anonMapping, anonVmaOf, fileMapping, fileOf, folioMarkAccessed, Folios, isAnonMapping, PG_active, PG_mlocked, PG_referenced, PG_unevictable,
} from "../src/index.ts";

const make = (): { readonly folios: Folios; readonly pfn: number } => {
  const folios = new Folios(reservedColumns(), { frameCount: 4 });
  return { folios, pfn: folios.allocate(0) };
};
const flags = (folios: Folios, pfn: number): string =>
  [folios.testFlag(pfn, PG_referenced) ? "referenced" : "", folios.testFlag(pfn, PG_active) ? "active" : ""].filter((each) => each !== "").join(" ");

describe("a folio that is used", () => {
  test("is referenced, then active, then active and referenced, and stays so", () => {
    const { folios, pfn } = make();
    const seen = [1, 2, 3, 4].map(() => {
      folioMarkAccessed(folios, pfn);
      return flags(folios, pfn);
    });
    expect(seen).toEqual(["referenced", "active", "referenced active", "referenced active"]);
  });

  test("becomes never active if it is not evictable", () => {
    const { folios, pfn } = make();
    folios.setFlag(pfn, PG_unevictable);
    for (let times = 0; times < 3; times++) folioMarkAccessed(folios, pfn);
    expect(flags(folios, pfn)).toBe("referenced");
  });

  test("may be freed active, unevictable and locked in memory, and comes back without flags", () => {
    const { folios, pfn } = make();
    for (const flag of [PG_active, PG_unevictable, PG_mlocked]) folios.setFlag(pfn, flag);
    expect(folios.put(pfn)).toBe(true);
    expect(folios.allocate(0)).toBe(pfn);
    for (const flag of [PG_active, PG_unevictable, PG_mlocked]) expect(folios.testFlag(pfn, flag)).toBe(false);
  });
});

test("a mapping says whose page it is, and is never 0", () => {
  for (const owner of [0, 1, 2 ** 30, 2 ** 31 - 2]) {
    expect([anonVmaOf(anonMapping(owner)), fileOf(fileMapping(owner))]).toEqual([owner, owner]);
    expect([isAnonMapping(anonMapping(owner)), isAnonMapping(fileMapping(owner))]).toEqual([true, false]);
    expect(Math.min(anonMapping(owner), fileMapping(owner))).toBeGreaterThan(0);
    expect(Math.max(anonMapping(owner), fileMapping(owner))).toBeLessThan(2 ** 32);
  }
  expect(isAnonMapping(0)).toBe(false);
});
