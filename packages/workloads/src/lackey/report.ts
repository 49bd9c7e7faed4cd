import type { LackeyDifference } from "./address-space.ts";

/** The state after a window of accesses. */
export interface LackeySample {
  /** Made so far. */
  readonly accesses: number;
  /** VmRSS. */
  readonly residentBytes: number;
  /** VmPTE. */
  readonly tableBytes: number;
  /** Distinct pages touched since the sample before. */
  readonly workingSetPages: number;
}

/** What a trace did to a machine. Counts are exact and the same in every run. */
export interface LackeyReport<Process> {
  readonly process: Process;
  /** `crossings`: pages beyond the first that an access reached into. */
  readonly accesses: { readonly total: number; readonly fetches: number; readonly loads: number; readonly stores: number; readonly modifies: number; readonly crossings: number };
  /**
   * Lookups: one for each access and page. Misses: those that needed a walk of the page tables. Walks: those of misses, and
   * those after faults. `hitRate`: lookups that needed no walk, 0 … 1.
   */
  readonly tlb: { readonly lookups: number; readonly misses: number; readonly walks: number; readonly hitRate: number };
  /** By what the access wanted, and by the machine's own events: a modify wants to write. */
  readonly faults: { readonly read: number; readonly write: number; readonly fetch: number; readonly minor: number; readonly major: number };
  /** Accesses that ended in a signal, by its number: none, if the trace and the machine agree. */
  readonly signals: Readonly<Record<string, number>>;
  readonly samples: readonly LackeySample[];
  /** At the end. */
  readonly residentBytes: number;
  readonly tableBytes: number;
  /** What no call of the trace announced: program, dynamic linker, stack. Areas are runs of neighbouring pages. */
  readonly preMapped: { readonly areas: number; readonly pages: number };
  /** Simulated files that were mapped. */
  readonly fileCount: number;
  /** System calls by name, the most frequent first. */
  readonly calls: Readonly<Record<string, number>>;
  /** Calls that came out other than recorded. */
  readonly differenceCount: number;
  /** The first of them. */
  readonly differences: readonly LackeyDifference[];
}
