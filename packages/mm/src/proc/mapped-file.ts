import type { Machine } from "../machine.ts";

/** What maps and smaps say of a file. */
export interface MappedFile {
  /** Major and minor number of its filesystem's device, in hex. */
  readonly device: string;
  readonly inode: number;
  readonly path: string;
}

/** Inode of the first file of a fresh ext4 filesystem, after those it keeps for itself. */
const FIRST_EXT4_INODE = 12;
/** Inode of the first file of a tmpfs, after its root. */
const FIRST_TMPFS_INODE = 2;

/**
 * The file mapped under this number, as /proc names it.
 * @kernel memfd_create(2), shmem_zero_setup() — mm/memfd.c, mm/shmem.c, v6.18
 * @differs Inodes count up from the filesystem's first.
 */
export function mappedFile(machine: Machine, mapping: number): MappedFile {
  const name = machine.fileOf(mapping)?.name ?? "";
  if (machine.parts.dax !== undefined) return { device: "103:00", inode: FIRST_EXT4_INODE + mapping, path: name };
  const path = machine.isSharedMemory(mapping) ? "/dev/zero" : `/memfd:${name}`;
  return { device: "00:01", inode: FIRST_TMPFS_INODE + mapping, path: `${path} (deleted)` };
}
