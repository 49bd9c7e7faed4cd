import { CachePageHoles, EntryBitLock, ZeroPageHoles } from "@zeropfn/dax-pmem";
import { daxFileSystem, tmpfsFileSystem } from "./file-systems.ts";
import type { Stack } from "./stack.ts";

/** A page of zeros of its own for each hole page that is read: Linux 4.7 to 4.13, and the first half of the 2017 mail. */
export const daxCachePage: Stack = Object.freeze<Stack>({
  name: "dax-cache-page",
  summary: "DAX, Linux 4.7 to 4.13: a zeroed page for each hole page that is read",
  fileSystem: daxFileSystem,
  entryLock: ({ trees, background }) => new EntryBitLock(trees, background),
  holes: (parts) => new CachePageHoles(parts),
});

/** The common zero page for every hole page that is read: Linux 4.14 and later, and what the 2017 mail proposes. */
export const daxZeroPage: Stack = Object.freeze<Stack>({
  name: "dax-zero-page",
  summary: "DAX, Linux 4.14 and later: the common zero page for every hole page that is read",
  fileSystem: daxFileSystem,
  entryLock: ({ trees, background }) => new EntryBitLock(trees, background),
  holes: (parts) => new ZeroPageHoles(parts),
});

/** Anonymous memory and files in memory of today's kernel. */
export const linuxTmpfs: Stack = Object.freeze<Stack>({
  name: "linux-tmpfs",
  summary: "Linux 6.18: anonymous memory, and files in memory (tmpfs, memfd)",
  fileSystem: tmpfsFileSystem,
});

/** All stacks that ship, by name. */
export const stacks: Readonly<Record<string, Stack>> = Object.freeze(Object.fromEntries([daxCachePage, daxZeroPage, linuxTmpfs].map((stack) => [stack.name, stack])));
