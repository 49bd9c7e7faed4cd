import { createMachine, type Machine, type Stack } from "@zeropfn/mm";
import { GiB, MiB } from "@zeropfn/units";

/** Where the recorder's mappings lay. What lies outside is in no record. */
export const ARENA_START = 0x7e00_0000_0000;
export const ARENA_BYTES: number = 64 * MiB;
/** Bytes of the recording host's pages. */
export const LOG_PAGE_BYTES = 4096;
/** The files on tmpfs that the recorder had open, in slots 0 to 2. Slot 3 was a file on ext4. */
export const TMPFS_SLOTS = 3;

/**
 * A machine like the host on which the logs were recorded, with nothing in it. The host had more memory; the operations of a log take
 * little of it, and a `reset` is the quicker the less there is.
 */
export const hostLogMachine = (stack: Stack): Machine => createMachine({ stack, memoryBytes: 4 * GiB });
