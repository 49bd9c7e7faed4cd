import type { Folios } from "./folios.ts";
import { PG_active, PG_referenced, PG_unevictable } from "./page-flags.ts";

/**
 * Says that a folio was used. The first use is remembered, the second makes the folio active and begins anew; one that is
 * active remembers one use.
 *
 * @kernel folio_mark_accessed() — mm/swap.c, v6.18
 * @differs Flags only: the folio is moved to no list.
 */
export function folioMarkAccessed(folios: Pick<Folios, "clearFlag" | "setFlag" | "testFlag">, pfn: number): void {
  if (!folios.testFlag(pfn, PG_referenced)) folios.setFlag(pfn, PG_referenced);
  else if (!folios.testFlag(pfn, PG_unevictable) && !folios.testFlag(pfn, PG_active)) {
    folios.setFlag(pfn, PG_active);
    folios.clearFlag(pfn, PG_referenced);
  }
}
