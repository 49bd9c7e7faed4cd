/** What many timed batches say about one operation. All times are ns an operation. */
export interface Latency {
  /** Batches timed. */
  readonly N: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  /** By fio's names: "50.000000". A batch's mean counts as one sample. */
  readonly percentile: Readonly<Record<string, number>>;
}

/** fio's default list. */
const PERCENTILES = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];

/** fio's name of a percentile. */
export const percentileName = (percent: number): string => percent.toFixed(6);

/**
 * Times of equal batches, as they come.
 * The columns are as long as the run has batches: nothing is allocated while it is timed.
 */
export class BatchTimes {
  readonly #ns: Float64Array;
  #count = 0;
  #totalNs = 0;
  #operations = 0;

  /** @param batchCount Most batches: integer ≥ 0. */
  constructor(batchCount: number) {
    this.#ns = new Float64Array(batchCount);
  }

  /** One batch of `operations` ≥ 1 operations took `ns`. */
  add(ns: number, operations: number): void {
    this.#ns[this.#count++] = ns / operations;
    this.#totalNs += ns;
    this.#operations += operations;
  }

  get totalNs(): number {
    return this.#totalNs;
  }

  /** ns an operation of each batch, in the order in which they came. */
  get samples(): Float64Array {
    return this.#ns.subarray(0, this.#count);
  }

  /** The mean is over operations; all else over batches. All 0 if there were none. */
  latency(): Latency {
    const sorted = this.samples.toSorted(), count = sorted.length;
    const mean = count === 0 ? 0 : this.#totalNs / this.#operations;
    const variance = count === 0 ? 0 : sorted.reduce((sum, ns) => sum + (ns - mean) ** 2, 0) / count;
    const rank = (percent: number): number => sorted[Math.max(0, Math.ceil((percent / 100) * count) - 1)] ?? 0;
    return {
      N: count,
      min: sorted[0] ?? 0,
      max: sorted[count - 1] ?? 0,
      mean,
      stddev: Math.sqrt(variance),
      percentile: Object.fromEntries(PERCENTILES.map((percent) => [percentileName(percent), rank(percent)])),
    };
  }
}
