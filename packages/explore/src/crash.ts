/** Memory that survives a crash, in whatever state its store queues allow. Owned by columns of the scenario. */
export interface PersistentMemory {
  /** How many images a crash may leave now: integer ≥ 1. */
  countImages(): number;
  /** Makes image `nth`, 0 … count-1, the contents, and the queues empty: what is found after the crash. */
  becomeImage(nth: number): void;
  /** True if the last count was cut off at a bound, which the verdict then says. */
  readonly isBounded: boolean;
  /** The words of the image in it now, for reports: "d0=100 d1=0". */
  imageText(): string;
}

/** Runs on an image, without other threads: recovers, and says by throwing or `check` what is wrong. */
export type CrashRecovery = () => void;
