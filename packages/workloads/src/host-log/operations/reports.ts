import { type PageInfo, smapsAreas, statusFields } from "@zeropfn/mm";
import type { Operations, Outcome, Scene } from "../outcome.ts";
import { ARENA_START, LOG_PAGE_BYTES } from "../setting.ts";
import { areasOf, isInArena, pageOffsets } from "../world.ts";

/** Bits of an area's flags. @kernel VM_READ … VM_MAYSHARE — include/linux/mm.h, v6.18 */
const VM_READ = 0x1, VM_WRITE = 0x2, VM_EXEC = 0x4, VM_MAYSHARE = 0x80;

const permissions = (flags: number): string =>
  `${(flags & VM_READ) === 0 ? "-" : "r"}${(flags & VM_WRITE) === 0 ? "-" : "w"}${(flags & VM_EXEC) === 0 ? "-" : "x"}${(flags & VM_MAYSHARE) === 0 ? "p" : "s"}`;

function maps({ world, process }: Scene): Outcome {
  const shown = areasOf(process).map((area) => {
    const { start, end, flags, offset } = area;
    return [start - ARENA_START, end - ARENA_START, permissions(flags), world.nameOf(area), offset];
  });
  return { maps: shown };
}

/** Not in the records: the same everywhere on the host. */
const LEFT_OUT: readonly string[] = ["KernelPageSize", "MMUPageSize"];
const isRecorded = ([field, value]: readonly [string, number]): boolean => value !== 0 && !LEFT_OUT.includes(field);

const numbersOf = (fields: object): readonly (readonly [string, number])[] => (Object.entries(fields) as [string, number][]).filter(isRecorded);

function smaps({ process }: Scene): Outcome {
  const areas = smapsAreas(process).filter(isInArena);
  return {
    smaps: areas.map(({ start, end, fields, vmFlags }) => ({
      s: start - ARENA_START,
      e: end - ARENA_START,
      ...Object.fromEntries(numbersOf(fields)),
      VmFlags: vmFlags,
    })),
  };
}

/** No amount, so that no sum has it. */
const NOT_SUMMED = "THPeligible";

/** Sums of what smaps prints, so that each area is rounded down first, and two counters of the process. */
function rollup({ process }: Scene): Outcome {
  const sums: Record<string, number> = {};
  for (const { fields } of smapsAreas(process).filter(isInArena)) {
    for (const [field, value] of numbersOf(fields)) if (field !== NOT_SUMMED) sums[field] = (sums[field] ?? 0) + value;
  }
  const { VmLck, VmPin } = statusFields(process);
  return { rollup: Object.fromEntries([...Object.entries(sums), ...numbersOf({ VmLck, VmPin })]) };
}

/** One digit for who else holds a page: 1, mapped once; 2, for this process alone. "." if there is no such page. */
const exclusivity = ({ isPresent, letter, isMappedOnce, isExclusive }: PageInfo): string =>
  isPresent && letter !== "Z" ? String((isMappedOnce ? 1 : 0) + (isExclusive ? 2 : 0)) : ".";

function pages({ world, process }: Scene, [off, length]: readonly number[]): Outcome {
  const infos = pageOffsets(off!, length!).map((offset) => world.page(process, offset));
  return { pages: infos.map(({ letter }) => letter).join(""), ex: infos.map(exclusivity).join("") };
}

type Run = [firstPage: number, endPage: number, letter: string, ex: string, isPmdMapped: number];

/** Pages that show the same, together; absent ones are left out. */
function runs({ world, process }: Scene, [off, length]: readonly number[]): Outcome {
  const found: Run[] = [];
  for (const offset of pageOffsets(off!, length!)) {
    const info = world.page(process, offset), page = offset / LOG_PAGE_BYTES, last = found.at(-1);
    if (info.letter === ".") continue;
    const run: Run = [page, page + 1, info.letter, exclusivity(info), info.isPmdMapped ? 1 : 0];
    if (last !== undefined && last[1] === page && last.slice(2).every((shown, nth) => shown === run[nth + 2])) last[1] = page + 1;
    else found.push(run);
  }
  return { runs: found };
}

function same({ world, process }: Scene, [off, q, otherOff, length]: readonly number[]): Outcome | string {
  const other = world.processes.get(q!);
  if (other === undefined) return `no process ${q}`;
  const others = pageOffsets(otherOff!, length!);
  const shown = pageOffsets(off!, length!).map((offset, nth) => {
    const one = world.page(process, offset), two = world.page(other, others[nth]!);
    return !one.isPresent || !two.isPresent ? "." : one.pfn === two.pfn ? "1" : "0";
  });
  return { same: shown.join("") };
}

/** What a process shows of its memory. */
export const REPORTS: Operations = {
  maps: { arguments: [], perform: maps },
  smaps: { arguments: [], perform: smaps },
  rollup: { arguments: [], perform: rollup },
  pages: { arguments: ["off", "len"], perform: pages },
  runs: { arguments: ["off", "len"], perform: runs },
  same: { arguments: ["off", "q", "qoff", "len"], perform: same },
};
