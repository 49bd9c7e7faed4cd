import { Folios } from "@zeropfn/folio";
import { reservedColumns } from "@zeropfn/state";
import { type Access, EXEC, READ, WRITE } from "@zeropfn/units";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_SLOT, PageTables } from "../src/page-tables.ts";
import { PTE_ACCESSED, PTE_DIRTY, PTE_NONE, PTE_NX, PTE_PRESENT, PTE_PROTNONE, PTE_WRITABLE, pmdIsLeaf, pmdOf, pteIsAccessed, pteIsDirty, pteIsExecutable, pteIsUsable, pteIsWritable, pteOf, ptePfn } from "../src/pte.ts";
import { checkTlbs } from "../src/tlb-invariants.ts";
import { TLB_MISS, Tlbs, type TlbsOptions } from "../src/tlbs.ts";

const CPUS = 2;
const MMS = 3;
const PAGES = 16; // tables of four entries, two levels
const HUGE = 1; // this lowest table's pages may be a leaf

interface Known {
  readonly pfn: number;
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
}
const same = (a: Known, b: Known): boolean => a.pfn === b.pfn && a.isWritable === b.isWritable && a.isExecutable === b.isExecutable;

/** What each processor may remember: everything it ever saw of a page, until it must have forgotten. Replacement is not modelled. */
class MayRemember {
  readonly #known = Array.from({ length: CPUS }, () => new Map<string, Known[]>());
  readonly deferred = new Set<number>(); // processors
  readonly owed = new Set<number>(); // address spaces whose flush was deferred, and that `flushBatchedPending` has not seen since
  at = (cpu: number, mm: number, page: number): readonly Known[] => this.#known[cpu]!.get(`${mm} ${page}`) ?? [];
  add(cpu: number, mm: number, page: number, known: Known): void {
    this.#known[cpu]!.set(`${mm} ${page}`, [...this.at(cpu, mm, page), known]);
  }
  forget(isForgotten: (mm: number, page: number, cpu: number) => boolean): void {
    this.#known.forEach((known, cpu) => {
      for (const key of [...known.keys()]) {
        const [mm, page] = key.split(" ").map(Number) as [number, number];
        if (isForgotten(mm, page, cpu)) known.delete(key);
      }
    });
  }
  runs = (cpu: number, mm: number): boolean => [...this.#known[cpu]!.keys()].some((key) => key.startsWith(`${mm} `));
}

const flags = fc.subarray([PTE_WRITABLE, PTE_ACCESSED, PTE_DIRTY, PTE_NX]).map((bits) => bits.reduce((sum, bit) => sum + bit, 0));
const entry = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.integer({ min: 1, max: 6 }), flags).map(([pfn, bits]) => pteOf(pfn, bits + PTE_PRESENT)) },
  { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 6 }), flags).map(([pfn, bits]) => pteOf(pfn, bits + PTE_PROTNONE)) },
  { weight: 1, arbitrary: fc.constant(PTE_NONE) },
);
// Few enough that most are seen again, and that they meet in a set.
const cpu = fc.nat(CPUS - 1), mm = fc.constantFrom(0, 0, 0, 1, MMS - 1), page = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 4, 8) }, { weight: 1, arbitrary: fc.nat(PAGES - 1) });
const steps = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.tuple(fc.constant("access" as const), mm, page, cpu, fc.constantFrom<Access>(READ, WRITE, EXEC)) },
    { weight: 5, arbitrary: fc.tuple(fc.constant("set" as const), mm, page, entry) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("leaf" as const), mm, flags) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("flushPage" as const), mm, page) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("flushRange" as const), mm, page, fc.constantFrom(0, 1, 3, 33, 34)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("flushMm" as const), mm) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("flushAll" as const)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("defer" as const), mm) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("flushDeferred" as const)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("flushBatchedPending" as const), mm) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("drop" as const), mm) },
  ),
  { maxLength: 60 },
);

/** What the tables say of a page now, and the slot that says so. */
function look(tables: PageTables, mm: number, page: number): { slot: number; pte: number; within: number } {
  const slot = tables.slotOf(mm, page), pmdSlot = tables.pmdSlotOf(mm, page);
  if (slot !== NO_SLOT) return { slot, pte: tables.load(slot), within: 0 };
  const isLeaf = pmdSlot !== NO_SLOT && pmdIsLeaf(tables.load(pmdSlot));
  return { slot: pmdSlot, pte: isLeaf ? tables.load(pmdSlot) : PTE_NONE, within: page % 4 };
}
const knownOf = (pte: number, within: number): Known => ({ pfn: ptePfn(pte) + within, isWritable: pteIsWritable(pte) && pteIsDirty(pte), isExecutable: pteIsExecutable(pte) });

function access(tlbs: Tlbs, tables: PageTables, model: MayRemember, mm: number, page: number, cpu: number, access: Access): void {
  const before = look(tables, mm, page), known = model.at(cpu, mm, page);
  const isGranted = pteIsUsable(before.pte) && (access === READ || (access === WRITE ? pteIsWritable(before.pte) : pteIsExecutable(before.pte)));
  const byTable = isGranted ? ptePfn(before.pte) + before.within : TLB_MISS;
  const byMemory = known.filter((one) => access === READ || (access === WRITE ? one.isWritable : one.isExecutable)).map(({ pfn }) => pfn);
  const result = tlbs.translate(cpu, mm, page, access), after = look(tables, mm, page);
  expect([byTable, ...byMemory]).toContain(result);
  const bits = access === WRITE ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED;
  const walked = isGranted ? before.pte + (bits & ~before.pte) : before.pte;
  expect(byMemory.length === 0 ? [walked] : [walked, before.pte]).toContain(after.pte); // and no other bit changes
  if (result !== TLB_MISS && byMemory.length === 0) expect([pteIsAccessed(after.pte), access !== WRITE || pteIsDirty(after.pte)]).toEqual([true, true]);
  if (isGranted) model.add(cpu, mm, page, knownOf(walked, before.within));
}

describe("TLBs", () => {
  test.each<[string, Omit<TlbsOptions, "cpuCount">]>([
    ["one entry", { tlbShift: 0, tlbWays: 1, asidCount: 1 }],
    ["one set of four ways", { tlbShift: 0, tlbWays: 4, asidCount: 2 }],
    ["two sets of two ways", { tlbShift: 1, tlbWays: 2, asidCount: 1 }],
    ["room for all", { tlbShift: 3 }],
  ])("with %s never use what they must have forgotten, and set the bits that hardware sets", (_name, options) => {
    fc.assert(
      fc.property(steps, (all) => {
        const columns = reservedColumns(), folios = new Folios(columns, { frameCount: 16, pageShift: 3 });
        const tables = new PageTables(columns, { mmCapacity: MMS, tableCapacity: 32, tableShift: 2, levels: 2 });
        const tlbs = new Tlbs(columns, tables, folios, { cpuCount: CPUS, ...options }), model = new MayRemember();
        for (const step of all) perform(step, tlbs, tables, model);
      }),
      { numRuns: 300 },
    );
  });
});

type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

function perform(step: Step, tlbs: Tlbs, tables: PageTables, model: MayRemember): void {
  if (step[0] === "access") access(tlbs, tables, model, step[1], step[2], step[3], step[4]);
  else if (step[0] === "set") {
    const slot = tables.createSlot(step[1], step[2]);
    if (slot !== NO_SLOT) tables.store(slot, step[3]);
  } else if (step[0] === "leaf") {
    const pmdSlot = tables.createPmdSlot(step[1], HUGE * 4), table = tables.unlinkTableAt(step[1], pmdSlot);
    if (table !== 0) tables.freeTable(step[1], table);
    tables.store(pmdSlot, pmdOf(8, step[2] + PTE_PRESENT));
  } else if (step[0] === "flushPage") {
    tlbs.flushPage(step[1], step[2]);
    model.forget((mm, page) => mm === step[1] && page === step[2]);
  } else if (step[0] === "flushRange") {
    tlbs.flushRange(step[1], step[2], step[2] + step[3]);
    model.forget((mm, page) => mm === step[1] && page >= step[2] && page < step[2] + step[3]);
  } else if (step[0] === "flushMm") {
    tlbs.flushMm(step[1]);
    model.forget((mm) => mm === step[1]);
  } else if (step[0] === "flushAll") {
    tlbs.flushAll();
    model.forget(() => true);
  } else if (step[0] === "defer") {
    tlbs.deferFlush(step[1]);
    model.owed.add(step[1]);
    for (let cpu = 0; cpu < CPUS; cpu++) if (model.runs(cpu, step[1])) model.deferred.add(cpu);
  } else if (step[0] === "flushDeferred") {
    tlbs.flushDeferred();
    model.forget((mm, _page, cpu) => model.deferred.has(cpu) && model.owed.has(mm));
    model.deferred.clear();
  } else if (step[0] === "flushBatchedPending") {
    tlbs.flushBatchedPending(step[1]);
    if (model.owed.delete(step[1])) model.forget((mm) => mm === step[1]);
  } else {
    tlbs.dropMm(step[1]);
    model.owed.delete(step[1]);
    model.forget((mm) => mm === step[1]);
  }
  checkTlbs(tlbs, ({ cpu, mm, page, ...entry }) => model.at(cpu, mm, page).some((known) => same(known, entry)));
}
