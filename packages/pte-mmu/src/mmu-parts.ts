import type { Folios } from "@zeropfn/folio";
import type { Tracer } from "@zeropfn/state";
import type { AnonVmas } from "./anon-vmas.ts";
import type { FileFaultHandler } from "./file-fault-handler.ts";
import type { HugeMappings } from "./huge-mappings.ts";
import type { MmCounters } from "./mm-counters.ts";
import type { MmuGather } from "./mmu-gather.ts";
import type { PageTables } from "./page-tables.ts";
import type { Thp } from "./thp.ts";
import type { Tlbs } from "./tlbs.ts";
import type { Vmas } from "./vmas.ts";

/** What all that works on address spaces works with. */
export interface MmuParts {
  readonly folios: Folios;
  readonly tables: PageTables;
  readonly tlbs: Tlbs;
  readonly gather: MmuGather;
  readonly vmas: Vmas;
  readonly anonVmas: AnonVmas;
  readonly counters: MmCounters;
  readonly thp: Thp;
  readonly hugeMappings: HugeMappings;
  readonly tracer: Tracer;
  /** Who fills the mappings of files. @throws {PteMmuError} PTE_MMU_NO_HANDLER */
  readonly handler: () => FileFaultHandler;
  /** Pages of the aligned window that a read fault on a file maps, as far as they are cached: a power of two; 1: the page alone. */
  readonly faultAroundPages: number;
}
