import { describe, expect, test } from "vitest";
import { daxEntryLockConformance, daxHolePolicyConformance, daxMapperConformance } from "../conformance/index.ts";
import { worldOf } from "./world.ts";

for (const hasLock of [true, false]) {
  daxEntryLockConformance({ describe, test }, () => {
    const { entries, trees } = worldOf({ hasLock });
    return { entries, load: (index) => trees.load(0, index) };
  });
}

for (const kind of ["zero page", "cache page"] as const) {
  daxHolePolicyConformance({ describe, test }, () => {
    const { entries, holes, trees, mapper, folios } = worldOf({ holes: kind });
    return {
      entries,
      holes,
      load: (index) => trees.load(0, index),
      loadMapped: (page, offset) => (mapper.mapped.has(page) ? folios.load8(mapper.mapped.get(page)!.pfn, offset) : -1),
      unmapAll: () => mapper.unmapMappingRange(0, 0, 8),
      get framesInUse() {
        return folios.usedFrames;
      },
      pageSize: folios.pageSize,
    };
  });
}

describe("the suite for mappers", () => {
  test("fails a mapper that unmaps one area of two", () => {
    const failures: string[] = [];
    const runner = {
      describe: (_name: string, body: () => void) => body(),
      test: (name: string, body: () => void) => {
        try {
          body();
        } catch (thrown) {
          failures.push(`${name}: ${String(thrown)}`);
        }
      },
    };
    const mapped = new Map<string, number>();
    daxMapperConformance(runner, () => {
      mapped.clear();
      let references = 1;
      const insert = (area: number, page: number, pfn: number, isFolio: boolean): number => {
        const key = `${area} ${page}`;
        if (!mapped.has(key) && isFolio) references++;
        if (!mapped.has(key)) mapped.set(key, pfn);
        return 0x100;
      };
      return {
        storage: 100,
        folio: 5,
        mapper: {
          insertPfn: (area, page, pfn) => insert(area, page, pfn, false),
          insertFolio: (area, page, pfn) => insert(area, page, pfn, true),
          unmapMappingRange: (_file, first, count) => {
            for (let page = first; page < first + count; page++) if (mapped.delete(`0 ${page}`)) references--;
          },
        },
        reaches: (area, page, access) => (access === 0 ? (mapped.get(`${area} ${page}`) ?? -1) : -1),
        references: () => references,
      };
    });
    expect(failures.length).toBeGreaterThanOrEqual(2);
    expect(failures.join()).toContain("gives them back when it unmaps");
  });
});
