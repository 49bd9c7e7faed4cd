import type { TlbEntry } from "./tlb-geometry.ts";
import type { Tlbs } from "./tlbs.ts";

/**
 * For tests and at rest, when no flush is owed.
 * @param isAllowed True if a processor may use the entry, as the page tables are now.
 * @throws {Error} An entry is not allowed, belongs to no address space, or a processor has two for one page.
 */
export function checkTlbs(tlbs: Tlbs, isAllowed: (entry: TlbEntry) => boolean): void {
  const seen = new Set<string>();
  for (const entry of tlbs.entries()) {
    const { cpu, mm, page, pfn } = entry, name = `TLB of processor ${cpu}: page ${page} of address space ${mm}`;
    if (mm < 0) throw new Error(`${name}: the entry's ASID is free`);
    if (seen.has(name)) throw new Error(`${name} has two entries`);
    if (!isAllowed(entry)) throw new Error(`${name} still reaches frame ${pfn}`);
    seen.add(name);
  }
}
