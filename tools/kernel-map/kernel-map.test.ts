import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture, manifest } from "../tidy/fixture.ts";
import { readText, readWorkspace } from "../tidy/workspace.ts";
import { citationsOf } from "./citations.ts";
import { kernelMap, PAGE } from "./page.ts";

test("the page is that of the sources as they are: npm run kernel-map writes it", () => {
  const workspace = readWorkspace(join(import.meta.dirname, "..", ".."));
  expect(readText(workspace, PAGE) === kernelMap(workspace), `${PAGE} is stale: run npm run kernel-map`).toBe(true);
});

const SOURCE = `
/** A table of entries. @kernel struct ptdesc — include/linux/mm_types.h, v6.12 @differs Smaller. */
export class PageTables {
  static {
    if (__EXPLORE__) leaves(PageTables, "pte-mmu/pte", { load: {}, lock: { when: (tables, slot) => !tables.isLocked(slot) }, isLocked: { silent: true } });
  }
  /** @kernel ptep_get() — include/linux/pgtable.h, v6.12 */
  load(slot: number): number { return slot; }
  /**
   * Sleeps.
   * @kernel pte_lockptr(), spin_lock() —
   *   include/linux/mm.h, v6.12
   * @differs A bit.
   */
  lock(slot: number): void {}
  /** Not cited. */
  isLocked(slot: number): boolean { return false; }
}
/** @kernel munmap(2) */
export const unmap = (): void => {};
`;

test("a citation is taken apart into name, file and version, with the step that it is", () => {
  const { packages } = fixture({ "packages/a/package.json": manifest("a", 2), "packages/a/src/tables.ts": SOURCE });
  const noLeaf = { leaf: undefined };
  expect(citationsOf(packages[0]!.sources[0]!)).toEqual([
    { ours: "PageTables", kernel: "struct ptdesc", file: "include/linux/mm_types.h", version: "v6.12", ...noLeaf },
    {
      ours: "PageTables.load",
      kernel: "ptep_get()",
      file: "include/linux/pgtable.h",
      version: "v6.12",
      leaf: { name: "pte.load", waitsUntil: "", isSilent: false },
    },
    {
      ours: "PageTables.lock",
      kernel: "pte_lockptr(), spin_lock()",
      file: "include/linux/mm.h",
      version: "v6.12",
      leaf: { name: "pte.lock", waitsUntil: "!tables.isLocked(slot)", isSilent: false },
    },
    { ours: "unmap", kernel: "munmap(2)", file: "", version: "", ...noLeaf },
  ]);
});

test("the page changes with a citation, with a condition, and with nothing else", () => {
  const page = (text: string): string => kernelMap(fixture({ "packages/a/package.json": manifest("a", 2), "packages/a/src/tables.ts": text }));
  expect(page(SOURCE)).toContain("| `PageTables.lock` | pte_lockptr(), spin_lock() | include/linux/mm.h | v6.12 | `pte.lock` until `!tables.isLocked(slot)` |");
  expect(page(SOURCE.replace("ptep_get()", "ptep_get_lockless()"))).not.toBe(page(SOURCE));
  expect(page(SOURCE.replace("!tables.isLocked(slot)", "tables.isFree(slot)"))).not.toBe(page(SOURCE));
  expect(page(SOURCE.replace("return slot;", "return slot + 1;"))).toBe(page(SOURCE));
});
