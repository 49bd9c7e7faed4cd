import type { Latency } from "../latency.ts";
import type { FioPass, FioReport } from "./run.ts";

/** What the host says the process used, in fio's names. */
export interface FioHostUsage {
  /** Percent of the run. */
  readonly usr_cpu: number;
  readonly sys_cpu: number;
  /** Context switches. */
  readonly ctx: number;
}

/** fio gives percentiles of completion alone. */
export type FioLatency = Omit<Latency, "percentile"> & Partial<Latency>;

/** One direction of a job. */
export interface FioDirection {
  readonly io_bytes: number;
  readonly io_kbytes: number;
  readonly bw_bytes: number;
  /** KiB a second. */
  readonly bw: number;
  readonly iops: number;
  /** ms. */
  readonly runtime: number;
  readonly total_ios: number;
  readonly short_ios: number;
  readonly drop_ios: number;
  readonly slat_ns: FioLatency;
  readonly clat_ns: FioLatency;
  readonly lat_ns: FioLatency;
}

/** A job as `fio --output-format=json` prints it, less what has no meaning here (queues, devices). */
export interface FioJobJson extends FioHostUsage {
  readonly jobname: string;
  readonly groupid: number;
  readonly error: number;
  /** s. */
  readonly elapsed: number;
  readonly "job options": Readonly<Record<string, string>>;
  readonly read: FioDirection;
  readonly write: FioDirection;
  readonly trim: FioDirection;
  /** ms. */
  readonly job_runtime: number;
  readonly majf: number;
  readonly minf: number;
  readonly iodepth_level: Readonly<Record<string, number>>;
  readonly latency_ns: Readonly<Record<string, number>>;
  readonly latency_us: Readonly<Record<string, number>>;
  readonly latency_ms: Readonly<Record<string, number>>;
}

/** The job part of fio's output, for the first pass. Latencies are of batches: see `FioPass.io`. */
export function fioJobJson({ job, first }: FioReport, usage: FioHostUsage): FioJobJson {
  return {
    jobname: job.name,
    groupid: 0,
    error: 0,
    elapsed: Math.ceil(first.runtimeNs / 1e9),
    "job options": job.jobOptions,
    read: directionOf(first, job.size, job.blockBytes),
    write: NOTHING,
    trim: NOTHING,
    job_runtime: Math.round(first.runtimeNs / 1e6),
    ...usage,
    majf: first.majorFaults,
    minf: first.faults - first.majorFaults,
    iodepth_level: { "1": 100 },
    ...bucketsOf(first.ioSamples),
  };
}

const NO_LATENCY: FioLatency = { min: 0, max: 0, mean: 0, stddev: 0, N: 0 };
const NOTHING: FioDirection = {
  io_bytes: 0, io_kbytes: 0, bw_bytes: 0, bw: 0, iops: 0, runtime: 0, total_ios: 0, short_ios: 0, drop_ios: 0, slat_ns: NO_LATENCY, clat_ns: NO_LATENCY, lat_ns: NO_LATENCY,
};

function directionOf({ io, runtimeNs }: FioPass, bytes: number, blockBytes: number): FioDirection {
  const seconds = runtimeNs / 1e9, perSecond = (amount: number): number => (seconds === 0 ? 0 : amount / seconds);
  const { percentile: _, ...lat_ns } = io;
  return {
    io_bytes: bytes,
    io_kbytes: Math.floor(bytes / 1024),
    bw_bytes: Math.round(perSecond(bytes)),
    bw: Math.round(perSecond(bytes / 1024)),
    iops: perSecond(bytes / blockBytes),
    runtime: Math.round(runtimeNs / 1e6),
    total_ios: bytes / blockBytes,
    short_ios: 0,
    drop_ios: 0,
    slat_ns: NO_LATENCY,
    clat_ns: io,
    lat_ns,
  };
}

/** Upper ends of fio's buckets, in each of its three units. */
const BUCKETS = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000];
const MS_BUCKETS = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000];

/** Percent of samples in each bucket. */
function bucketsOf(ns: Float64Array): Pick<FioJobJson, "latency_ns" | "latency_us" | "latency_ms"> {
  const share = (low: number, high: number): number => (ns.length === 0 ? 0 : (100 * ns.reduce((count, at) => count + (at >= low && at < high ? 1 : 0), 0)) / ns.length);
  const unit = (scale: number, ends: readonly number[], first: number): Record<string, number> =>
    Object.fromEntries(ends.map((end, nth) => [String(end), share(nth === 0 ? first : ends[nth - 1]! * scale, end * scale)]));
  return {
    latency_ns: unit(1, BUCKETS, 0),
    latency_us: unit(1e3, BUCKETS, 1e3),
    latency_ms: { ...unit(1e6, MS_BUCKETS, 1e6), ">=2000": share(2e9, Infinity) },
  };
}
