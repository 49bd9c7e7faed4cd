import { crc32 } from "node:zlib";
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, mappedAreas, type Process, smapsAreas } from "@zeropfn/mm";
import { GiB } from "@zeropfn/units";
import { hex, type Operation, type Operations, type Outcome, returned, type Scene } from "../outcome.ts";
import { ARENA_START } from "../setting.ts";
import { addressOf, pageOffsets } from "../world.ts";
import { ended } from "./accesses.ts";
import { forked } from "./processes.ts";

// The logs without `p`: one process, whose mappings are called slots.

/** Where a slot's mapping lies: as an offset into the arena. */
const slotOffset = (slot: number): number => slot * GiB;

/** `kind` of mmap: what is mapped, and how. @differs 0 and 1 map a file that this replay does not have. */
const ANONYMOUS: Readonly<Record<number, number>> = { 2: MAP_PRIVATE, 3: MAP_SHARED };

function mmap({ process }: Scene, [slot, , length, protection, kind]: readonly number[]): Outcome | string {
  const sharing = ANONYMOUS[kind!];
  if (sharing === undefined) return `mappings of kind ${kind}: not replayed`;
  const address = addressOf(slotOffset(slot!)), flags = sharing + MAP_ANONYMOUS + MAP_FIXED;
  const result = process.mmap(null, { address, length: length!, protection: protection!, flags });
  return returned(result < 0 ? result : 0);
}

function mread({ process }: Scene, [slot, off, length]: readonly number[]): Outcome {
  const out = new Uint8Array(length!), done = process.read(addressOf(slotOffset(slot!) + off!), out), bytes = out.subarray(0, done);
  return { crc: hex(crc32(bytes)), zeros: bytes.reduce((zeros, byte) => (byte === 0 ? zeros + 1 : zeros), 0), ...ended(process, done, length!) };
}

const store = (process: Process, [slot, off, length, byte]: readonly number[]): Outcome =>
  ended(process, process.write(addressOf(slotOffset(slot!) + off!), new Uint8Array(length!).fill(byte!)), length!);

/** What PAGEMAP_SCAN says of a page, by its letter: WRITTEN 2, as nothing is write-protected by userfaultfd, FILE 4, PRESENT 8, SWAPPED 16, PFNZERO 32. */
const CATEGORIES: Readonly<Record<string, number>> = { ".": 2, A: 10, F: 14, D: 14, Z: 42, S: 18, G: 18 };

/** The pages of a slot: a letter each, and runs of [from, to, categories]. */
function shown({ world }: Scene, process: Process, slot: number): { readonly pages: string; readonly scan: readonly number[][] } {
  const start = slotOffset(slot), area = mappedAreas(process).find((each) => each.start === ARENA_START + start);
  const offsets = area === undefined ? [] : pageOffsets(start, area.end - area.start);
  const letters = offsets.map((offset) => world.page(process, offset).letter), scan: number[][] = [];
  for (const [page, letter] of letters.entries()) {
    const categories = CATEGORIES[letter] ?? -1, last = scan.at(-1);
    if (last !== undefined && last[2] === categories) last[1] = page + 1;
    else scan.push([page, page + 1, categories]);
  }
  return { pages: letters.join(""), scan };
}

function smaps({ process }: Scene, [slot]: readonly number[]): Outcome {
  const area = smapsAreas(process).find(({ start }) => start === addressOf(slotOffset(slot!)));
  return { smaps: area?.fields, ret: 0 };
}

/** A child writes, and shows its pages before and after; `x`: nothing went wrong. */
function forkwrite(scene: Scene, args: readonly number[]): Outcome | string {
  const [slot] = args, child = forked(scene.process);
  if (typeof child === "string") return child;
  if (typeof child === "number") return returned(child);
  const before = shown(scene, child, slot!);
  store(child, args);
  const after = shown(scene, child, slot!), parent = shown(scene, scene.process, slot!);
  child.exit();
  return { child_before: { x: 0, ...before }, child_after: { x: 0, ...after }, parent: { x: 0, ...parent }, ret: 0 };
}

/** A figure of the whole host, or of the recorder: not to be compared. */
const figure = (told: readonly string[]): Operation => ({ arguments: [], told, perform: () => ({ ret: 0 }) });

/** Operations of the logs without `p`. */
export const SLOTS: Operations = {
  mmap: { arguments: ["slot", "off", "len", "prot", "kind"], perform: mmap },
  mread: { arguments: ["slot", "off", "len"], perform: mread },
  mwrite: { arguments: ["slot", "off", "len", "byte"], perform: ({ process }, args) => store(process, args) },
  pages: { arguments: ["slot"], perform: (scene, [slot]) => ({ ...shown(scene, scene.process, slot!), ret: 0 }) },
  smaps: { arguments: ["slot"], perform: smaps },
  forkwrite: { arguments: ["slot", "off", "len", "byte"], perform: forkwrite },
  vmstat: figure(["k", "v"]),
  minflt: figure(["minflt", "majflt"]),
};
