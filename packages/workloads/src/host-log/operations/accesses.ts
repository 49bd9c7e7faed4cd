import { crc32 } from "node:zlib";
import type { Process } from "@zeropfn/mm";
import { hex, type Operations, type Outcome, type Scene, signalName } from "../outcome.ts";
import { LOG_PAGE_BYTES } from "../setting.ts";
import { addressOf } from "../world.ts";

/** How an access ended: `ret` 0, or how far it came and which signal stopped it. */
export function ended(process: Process, done: number, length: number): Outcome {
  if (done === length) return { ret: 0 };
  const { signal, code } = process.siginfo!;
  return { done, sig: signalName(signal), code };
}

function read({ process }: Scene, [off, length]: readonly number[]): Outcome {
  const out = new Uint8Array(length!), faultsBefore = process.minorFaults, done = process.read(addressOf(off!), out);
  return { crc: hex(crc32(out.subarray(0, done))), minflt: process.minorFaults - faultsBefore, ...ended(process, done, length!) };
}

function write({ world, process }: Scene, [off, length, byte]: readonly number[]): Outcome {
  const bytes = new Uint8Array(length!).fill(byte!), isInOnePage = Math.floor(off! / LOG_PAGE_BYTES) === Math.floor((off! + length! - 1) / LOG_PAGE_BYTES);
  const before = world.page(process, off!), faultsBefore = process.minorFaults, done = process.write(addressOf(off!), bytes);
  const minflt = process.minorFaults - faultsBefore, outcome = { minflt, ...ended(process, done, length!) };
  if (!isInOnePage || !before.isPresent || before.letter === "Z") return outcome;
  return { ...outcome, copied: world.page(process, off!).pfn === before.pfn ? 0 : 1 };
}

/** Loads and stores. */
export const ACCESSES: Operations = {
  read: { arguments: ["off", "len"], perform: read },
  write: { arguments: ["off", "len", "byte"], perform: write },
};
