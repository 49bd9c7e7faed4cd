import { createMachine, daxZeroPage, type Process } from "@zeropfn/mm";
import BTreeModule from "sorted-btree";
import { type AnyBenchmark, type Candidate, defineBenchmark, mix } from "../../../tools/bench/benchmark.ts";
import type { Random } from "../../../tools/bench/random.ts";
import { PAGE } from "./faults.ts";

interface Size {
  readonly areas: number;
  readonly operations: number;
}

/** Areas of a page each without gaps, numbered downwards. Each shows the file's first page, so that neighbours never merge. */
function mapped({ areas }: Size): { readonly user: Process; readonly map: () => number; readonly top: number } {
  const size = { vmaCapacity: areas + 8, maximumMapCount: areas + 8 }, machine = createMachine({ stack: daxZeroPage, memoryBytes: 64 * PAGE, size }), user = machine.createProcess();
  const file = machine.createFile("data", PAGE);
  const map = (): number => {
    const address = user.mmap(file, { length: PAGE }) as number;
    if (address < 0) throw new Error(`mmap: ${address}`);
    return address / PAGE;
  };
  const top = map();
  for (let nth = 1; nth < areas; nth++) map();
  return { user, map, top };
}

/** All do the same to areas named at random, and sum up their numbers. */
const round = ({ areas, operations }: Size, random: Random, operate: (area: number) => number) => {
  const chosen = Uint32Array.from({ length: operations }, () => random.below(areas));
  return {
    operations,
    round() {
      let sum = 0;
      for (let nth = 0; nth < operations; nth++) sum += operate(chosen[nth]!);
      return mix(0, sum);
    },
  };
};

const find: Candidate<Size> = (size, random) => {
  const { user, top } = mapped(size), { vmas } = user.machine.parts.mmu;
  return round(size, random, (area) => top - vmas.firstPageOf(vmas.lookUp(user.mm, top - area)));
};
/** The gap that munmap leaves is the only one: mmap must search for it, and finds it. */
const remap: Candidate<Size> = (size, random) => {
  const { user, top, map } = mapped(size);
  return round(size, random, (area) => {
    user.munmap(((top - area) * PAGE) as never, PAGE);
    return top - map();
  });
};

const BTree = ((BTreeModule as unknown as { default?: unknown }).default ?? BTreeModule) as new () => {
  set(key: number, value: number): boolean;
  delete(key: number): boolean;
  nextHigherPair(key: number, reused: [number, number]): [number, number] | undefined;
};
const TOP = 2 ** 34;

/** Areas by their end, so that one search finds the one that covers a page. */
function tree({ areas }: Size): InstanceType<typeof BTree> {
  const all = new BTree();
  for (let area = 0; area < areas; area++) all.set(TOP - area + 1, TOP - area);
  return all;
}
const treeFind: Candidate<Size> = (size, random) => {
  const all = tree(size), pair: [number, number] = [0, 0];
  return round(size, random, (area) => TOP - all.nextHigherPair(TOP - area, pair)![1]);
};
/** It is told where the gap is, checks no arguments, and keeps no list of the areas of a file. */
const treeReplace: Candidate<Size> = (size, random) => {
  const all = tree(size);
  return round(size, random, (area) => {
    all.delete(TOP - area + 1);
    all.set(TOP - area + 1, TOP - area);
    return area;
  });
};

/** What areas cost where an address space has `areas` of them, beside a sorted tree of pairs. */
export const areasBenchmark = (areas: number): AnyBenchmark =>
  defineBenchmark<Size>({
    question: `What do finding an area, and munmap and mmap of one, cost among ${areas} areas, beside sorted-btree?`,
    tiny: { areas: 20, operations: 50 },
    real: { areas, operations: 200_000 },
    candidates: { find, "sorted-btree: next higher": treeFind, "munmap and mmap": remap, "sorted-btree: delete and set": treeReplace },
    goals: [
      { claim: "finding an area is at least as fast as in sorted-btree", value: (ns) => ns["sorted-btree: next higher"]! / ns.find!, atLeast: 1 },
      { claim: "munmap and mmap, gap search and all, are at least as fast as delete and set", value: (ns) => ns["sorted-btree: delete and set"]! / ns["munmap and mmap"]!, atLeast: 1 },
    ],
  });
