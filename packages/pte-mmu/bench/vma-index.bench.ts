import { reservedColumns } from "@zeropfn/state";
import BTreeModule from "sorted-btree";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import type { Random } from "../../../tools/bench/random.ts";

// The index is no part of what the package exports, so it is timed from its source, as the ordinary build has it.
Object.assign(globalThis, { __EXPLORE__: false });
const { VmaIndex } = await import("../src/vma-index.ts");

interface Size {
  /** Areas of the smaller and of the larger address space. */
  readonly few: number;
  readonly many: number;
  readonly operations: number;
  /** Gap searches where each looks at areas one by one. */
  readonly scans: number;
}

const BTree = ((BTreeModule as unknown as { default?: unknown }).default ?? BTreeModule) as new () => {
  set(key: number, value: number): boolean;
  delete(key: number): boolean;
  nextHigherPair(key: number, reused: [number, number]): [number, number] | undefined;
  entriesReversed(highest: number, reused: [number, number]): IterableIterator<[number, number]>;
};

const BASE = 2 ** 34;
const LONGEST = 16;
const WIDEST = 64;

/** Areas of 1 to 16 pages; gaps of 0 to 7 pages, and one in 256 of up to 64. Numbered at random. */
class Areas {
  readonly firstPage: Float64Array;
  readonly endPage: Float64Array;
  readonly order: Uint32Array;
  readonly top: number;
  constructor(count: number, random: Random) {
    this.firstPage = new Float64Array(count);
    this.endPage = new Float64Array(count);
    let end = BASE;
    for (const vma of random.permutation(count)) {
      this.firstPage[vma] = end + random.below(random.below(256) === 0 ? WIDEST + 1 : 8);
      this.endPage[vma] = end = this.firstPage[vma]! + 1 + random.below(LONGEST);
    }
    this.order = random.permutation(count);
    this.top = end;
  }
}

/** What is timed, with one answer each. */
interface Structure {
  find(page: number): number;
  reinsert(vma: number): void;
  gap(pageCount: number, high: number): number;
}

function ofIndex({ firstPage, endPage, order }: Areas): Structure {
  const index = new VmaIndex(reservedColumns(), { mmCapacity: 1, vmaCapacity: firstPage.length, firstPage, endPage });
  for (const vma of order) index.insert(0, vma);
  return {
    find: (page) => index.find(0, page),
    reinsert(vma) {
      index.erase(0, vma);
      index.insert(0, vma);
    },
    gap: (pageCount, high) => index.findGapBelow(0, pageCount, BASE, high),
  };
}

/** Areas by their end, so that one search finds what `find` asks for. It knows no gaps: it looks at one after the other. */
function ofTree({ firstPage, endPage, order }: Areas): Structure {
  const tree = new BTree(), reused: [number, number] = [0, 0];
  for (const vma of order) tree.set(endPage[vma]!, vma);
  return {
    find: (page) => tree.nextHigherPair(page, reused)?.[1] ?? 0xffff_ffff,
    reinsert(vma) {
      tree.delete(endPage[vma]!);
      tree.set(endPage[vma]!, vma);
    },
    gap(pageCount, high) {
      let end = high;
      const above = tree.nextHigherPair(high - 1, reused);
      if (above !== undefined) end = Math.min(end, firstPage[above[1]]!);
      for (const [below, vma] of tree.entriesReversed(high - 1, reused)) {
        if (end - pageCount >= below) return end - pageCount;
        end = firstPage[vma]!;
      }
      return end - pageCount >= BASE ? end - pageCount : -1;
    },
  };
}

type Make = (areas: Areas) => Structure;
type Task = (structure: Structure, areas: Areas, random: Random, size: Size) => { readonly operations: number; readonly round: () => number };

const finds: Task = (structure, areas, random, { operations }) => {
  const pages = Float64Array.from({ length: operations }, () => BASE + random.below(areas.top - BASE));
  return {
    operations,
    round() {
      let hash = 1;
      for (let nth = 0; nth < operations; nth++) hash = mix(hash, structure.find(pages[nth]!));
      return hash;
    },
  };
};

const reinsertions: Task = (structure, areas, random, { operations }) => {
  const count = areas.order.length, vmas = Uint32Array.from({ length: operations }, () => random.below(count));
  return {
    operations,
    round() {
      for (let nth = 0; nth < operations; nth++) structure.reinsert(vmas[nth]!);
      return mix(operations, structure.find(areas.firstPage[vmas[0]!]!));
    },
  };
};

const gaps: Task = (structure, areas, random, { scans }) => {
  const highs = Float64Array.from({ length: scans }, () => BASE + random.below(areas.top - BASE));
  const counts = Uint32Array.from({ length: scans }, () => 1 + random.below(WIDEST));
  return {
    operations: scans,
    round() {
      let hash = 1;
      for (let nth = 0; nth < scans; nth++) hash = mix(hash, structure.gap(counts[nth]!, highs[nth]!) + 1);
      return hash;
    },
  };
};

const candidate =
  (make: Make, task: Task, which: "few" | "many"): Candidate<Size> =>
  (size, random) => {
    const areas = new Areas(size[which], random);
    return task(make(areas), areas, random, size);
  };

const TASKS = { find: finds, reinsert: reinsertions, gap: gaps };
const SIZES = ["few", "many"] as const;

const candidates: Record<string, Candidate<Size>> = {};
for (const [name, task] of Object.entries(TASKS)) {
  for (const which of SIZES) {
    candidates[`${name}, ${which}: index`] = candidate(ofIndex, task, which);
    candidates[`${name}, ${which}: sorted-btree`] = candidate(ofTree, task, which);
  }
}

export const bench: AnyBenchmark = defineBenchmark<Size>({
  question: "What do finding an area, taking one out and putting it back, and finding a gap cost among 10^3 and 10^5 areas, beside sorted-btree?",
  tiny: { few: 50, many: 500, operations: 1000, scans: 100 },
  real: { few: 1000, many: 100_000, operations: 500_000, scans: 2000 },
  // Six questions: the two candidates of each agree.
  mustAgree: false,
  candidates,
  goals: Object.keys(TASKS).flatMap((task) =>
    SIZES.map((which) => ({
      claim: `${task}, ${which}: sorted-btree takes at least as long`,
      value: (ns: Readonly<Record<string, number>>) => ns[`${task}, ${which}: sorted-btree`]! / ns[`${task}, ${which}: index`]!,
      atLeast: 1,
    })),
  ),
});
