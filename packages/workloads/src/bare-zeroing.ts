import type { Machine } from "@zeropfn/mm";
import { type Clock, hostClock } from "./clock.ts";
import { WorkloadsError } from "./errors.ts";
import { BATCH_PAGES } from "./fio/run.ts";
import { BatchTimes, type Latency } from "./latency.ts";

export interface BareZeroing {
  /** ns to zero a frame of memory that the host touches for the first time. */
  readonly first: Latency;
  /** The same frames once more. */
  readonly warm: Latency;
}

export interface BareZeroingOptions {
  /** Default: the host's. */
  readonly clock?: Clock;
  /** Called now and then with how much of the work is done. */
  readonly onProgress?: (doneFrames: number, totalFrames: number) => void;
}

/** Batches between two calls of `onProgress`. */
const PROGRESS_BATCHES = 64;

/**
 * Zeroes `frameCount` frames of the machine's memory twice and does nothing else: the floor under every design that zeroes a
 * frame for each fault. Timed in batches as large as those of `runFio`.
 *
 * @throws {WorkloadsError} WORKLOADS_RUN_FAILED if the machine has fewer frames.
 */
export function zeroFrames(machine: Machine, frameCount: number, { clock = hostClock, onProgress = () => {} }: BareZeroingOptions = {}): BareZeroing {
  const { folios } = machine.parts, pfns = new Float64Array(frameCount);
  if (folios.freeFrames < frameCount) throw new WorkloadsError("WORKLOADS_RUN_FAILED", `${frameCount} frames to zero, ${folios.freeFrames} free`);
  for (let nth = 0; nth < frameCount; nth++) pfns[nth] = folios.allocate(0);
  const pass = (framesBefore: number): Latency => {
    const times = new BatchTimes(Math.ceil(frameCount / BATCH_PAGES));
    for (let at = 0; at < frameCount; at += BATCH_PAGES) {
      const end = Math.min(at + BATCH_PAGES, frameCount), began = clock();
      for (let nth = at; nth < end; nth++) folios.zero(pfns[nth]!);
      times.add(clock() - began, end - at);
      if (end === frameCount || (end / BATCH_PAGES) % PROGRESS_BATCHES === 0) onProgress(framesBefore + end, 2 * frameCount);
    }
    return times.latency();
  };
  const first = pass(0), warm = pass(frameCount);
  for (const pfn of pfns) folios.put(pfn);
  return { first, warm };
}
