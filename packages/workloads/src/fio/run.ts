import { crc32 } from "node:zlib";
import type { Machine, MachineFile, Process } from "@zeropfn/mm";
import type { VirtualAddress } from "@zeropfn/units";
import { type Clock, hostClock } from "../clock.ts";
import { WorkloadsError } from "../errors.ts";
import { BatchTimes, type Latency } from "../latency.ts";
import type { FioJob } from "./job.ts";

/** Pages touched for the first time in one timed batch: a single fault is too short for a clock. */
export const BATCH_PAGES = 64;

export interface FioRunOptions {
  /** Default: the host's. */
  readonly clock?: Clock;
  /** Called now and then, and at the end, with how much of the work is done. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** One reading of the whole file through the mapping. */
export interface FioPass {
  /** ns a first touch of a page takes: a load that faults. */
  readonly fault: Latency;
  /** ns an I/O takes: the first touches of a block's pages, and the copy of its bytes into the program's buffer. */
  readonly io: Latency;
  /** The same, of each batch in order. */
  readonly ioSamples: Float64Array;
  /** The sum of the I/Os, without the checksum of their bytes. */
  readonly runtimeNs: number;
  readonly faults: number;
  readonly majorFaults: number;
  /** Bytes that the machine filled with zeros. */
  readonly zeroedBytes: number;
  /** CRC-32 of all bytes returned, in order. */
  readonly checksum: number;
}

/** What happened to a job on one machine. The mapping stands as the warm pass left it: everything read. */
export interface FioReport {
  readonly job: FioJob;
  readonly process: Process;
  readonly file: MachineFile;
  readonly address: VirtualAddress;
  readonly framesBefore: number;
  /** After the first pass, as the three below. */
  readonly framesAfter: number;
  readonly treeNodes: number;
  readonly treeBytes: number;
  /** The job: memory of the host is touched for the first time. */
  readonly first: FioPass;
  /** Once more, after a truncation dropped what the first pass mapped: the same work on memory that the host has by now. */
  readonly warm: FioPass;
}

/**
 * Runs a job: makes its file (truncated to its size, so all hole), maps it shared, reads it page by page through the
 * mapping, twice.
 *
 * @throws {WorkloadsError} WORKLOADS_RUN_FAILED if the machine has no room or kills the program.
 */
export function runFio(machine: Machine, job: FioJob, { clock = hostClock, onProgress = () => {} }: FioRunOptions = {}): FioReport {
  const framesBefore = machine.framesInUse;
  const file = machine.createFile(job.filename, job.size), process = machine.createProcess();
  const address = process.mmap(file, { length: job.size });
  if (file.size !== job.size || address < 0) throw new WorkloadsError("WORKLOADS_RUN_FAILED", `${job.filename}: cannot be mapped, error ${-address}`);
  const reader = { machine, process, address, job, clock };
  const first = readAll({ ...reader, onProgress: (done) => onProgress(done, 2 * job.size) });
  const { framesInUse: framesAfter, treeNodes, treeBytes } = machine;
  file.truncate(0);
  file.truncate(job.size);
  const warm = readAll({ ...reader, onProgress: (done) => onProgress(job.size + done, 2 * job.size) });
  return { job, process, file, address, framesBefore, framesAfter, treeNodes, treeBytes, first, warm };
}

interface Reader {
  readonly machine: Machine;
  readonly process: Process;
  readonly address: VirtualAddress;
  readonly job: FioJob;
  readonly clock: Clock;
  readonly onProgress: (doneBytes: number) => void;
}

const PROGRESS_BYTES = 2 ** 24;

function readAll({ machine, process, address, job, clock, onProgress }: Reader): FioPass {
  const { pageSize } = machine, { size, blockBytes } = job, windowBytes = Math.max(BATCH_PAGES * pageSize, blockBytes);
  const faults = new BatchTimes(Math.ceil(size / windowBytes)), ios = new BatchTimes(Math.ceil(size / windowBytes));
  const buffer = new Uint8Array(windowBytes), blocks = blocksOf(buffer, blockBytes), before = countsOf(machine);
  let checksum = 0;
  for (let at = 0; at < size; at += windowBytes) {
    const start = (address + at) as VirtualAddress, bytes = Math.min(windowBytes, size - at), pages = Math.ceil(bytes / pageSize);
    const began = clock();
    const touched = touch(process, start, pages, pageSize);
    const faulted = clock();
    const status = touched < 0 ? touched : readBlocks(process, start, blocks, bytes / blockBytes);
    const ended = clock();
    if (status < 0) throw new WorkloadsError("WORKLOADS_RUN_FAILED", `stack ${machine.stack.name}, ${job.filename}, bytes ${at} to ${at + bytes}: ${signalName(-status)}`);
    faults.add(faulted - began, pages);
    ios.add(ended - began, bytes / blockBytes);
    checksum = crc32(buffer.subarray(0, bytes), checksum);
    if ((at + bytes) % PROGRESS_BYTES === 0 || at + bytes === size) onProgress(at + bytes);
  }
  const after = countsOf(machine);
  return {
    fault: faults.latency(),
    io: ios.latency(),
    ioSamples: ios.samples,
    runtimeNs: ios.totalNs,
    faults: after.faults - before.faults,
    majorFaults: after.majorFaults - before.majorFaults,
    zeroedBytes: after.zeroedBytes - before.zeroedBytes,
    checksum,
  };
}

/** One load from each of `pages` pages: 0, or a negative signal. */
function touch(process: Process, start: VirtualAddress, pages: number, pageSize: number): number {
  for (let page = 0; page < pages; page++) {
    const byte = process.load8((start + page * pageSize) as VirtualAddress);
    if (byte < 0) return byte;
  }
  return 0;
}

/** Views of the blocks of `buffer`, made once: a view for each I/O would be garbage while it is timed. */
const blocksOf = (buffer: Uint8Array, blockBytes: number): Uint8Array[] =>
  Array.from({ length: buffer.length / blockBytes }, (_, nth) => buffer.subarray(nth * blockBytes, (nth + 1) * blockBytes));

/** Copies `count` blocks out of the mapping, one at a time, as fio's mmap engine does: 0, or a negative signal. */
function readBlocks(process: Process, start: VirtualAddress, blocks: readonly Uint8Array[], count: number): number {
  for (let nth = 0, at = start as number; nth < count; nth++) {
    const block = blocks[nth]!, status = process.read(at as VirtualAddress, block);
    if (status < 0) return status;
    at += block.length;
  }
  return 0;
}

interface Counts {
  readonly faults: number;
  readonly majorFaults: number;
  readonly zeroedBytes: number;
}
const countsOf = (machine: Machine): Counts => ({ faults: machine.count("pgfault"), majorFaults: machine.count("pgmajfault"), zeroedBytes: machine.parts.folios.zeroedBytes });

const SIGNALS: Readonly<Record<number, string>> = { 7: "SIGBUS", 9: "SIGKILL (out of memory)", 11: "SIGSEGV" };
const signalName = (signal: number): string => SIGNALS[signal] ?? `signal ${signal}`;
