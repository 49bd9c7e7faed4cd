import type { Process } from "@zeropfn/mm";
import { type Operation, type Operations, type Outcome, returned, type Scene } from "../outcome.ts";
import { ARENA_BYTES, ARENA_START, LOG_PAGE_BYTES } from "../setting.ts";
import { addressOf, areasOf } from "../world.ts";

/** Areas of the process in the arena. */
export const areaCount = (process: Process): number => areasOf(process).length;

/** A call that may change areas: how many there are is recorded. */
const onAreas = (names: readonly string[], call: (process: Process, args: readonly number[]) => number): Operation => ({
  arguments: names,
  perform: ({ process }, args) => ({ ...returned(call(process, args)), nv: areaCount(process) }),
});

/** An address as an offset into the arena; an error stays what it is. */
const offsetOf = (result: number): number => (result < 0 ? result : result - ARENA_START);

/** `ret` is 0 if the mapping lies where it was asked for. */
function mmap({ world, process }: Scene, [off, length, protection, flags, slot, offset]: readonly number[]): Outcome | string {
  const file = slot! < 0 ? null : world.files[slot!], address = addressOf(off!);
  if (file === undefined) return `no file in slot ${slot}`;
  const result = process.mmap(file, { address, length: length!, offset: offset!, protection: protection!, flags: flags! });
  return { ...returned(result < 0 ? result : result - address), nv: areaCount(process) };
}

function mincore({ process }: Scene, [off, length]: readonly number[]): Outcome {
  const pages = Math.min(Math.max(Math.ceil(length! / LOG_PAGE_BYTES), 0), ARENA_BYTES / LOG_PAGE_BYTES);
  const out = new Uint8Array(pages), result = process.mincore(addressOf(off!), length!, out);
  return result < 0 ? returned(result) : { res: Array.from(out, (byte) => byte & 1).join(""), ...returned(result) };
}

/** System calls on a process's memory. */
export const MEMORY_CALLS: Operations = {
  mmap: { arguments: ["off", "len", "prot", "flags", "slot", "fileoff"], perform: mmap },
  munmap: onAreas(["off", "len"], (process, [off, length]) => process.munmap(addressOf(off!), length!)),
  mprotect: onAreas(["off", "len", "prot"], (process, [off, length, protection]) => process.mprotect(addressOf(off!), length!, protection!)),
  mremap: onAreas(["off", "oldlen", "newlen", "flags", "newoff"], (process, [off, oldLength, newLength, flags, newOff]) =>
    offsetOf(process.mremap(addressOf(off!), oldLength!, newLength!, flags!, addressOf(newOff!))),
  ),
  madvise: onAreas(["off", "len", "advice"], (process, [off, length, advice]) => process.madvise(addressOf(off!), length!, advice!)),
  mlock: onAreas(["off", "len", "flags"], (process, [off, length, flags]) => process.mlock(addressOf(off!), length!, flags!)),
  munlock: onAreas(["off", "len"], (process, [off, length]) => process.munlock(addressOf(off!), length!)),
  msync: { arguments: ["off", "len", "flags"], perform: ({ process }, [off, length, flags]) => returned(process.msync(addressOf(off!), length!, flags!)) },
  mincore: { arguments: ["off", "len"], perform: mincore },
};
