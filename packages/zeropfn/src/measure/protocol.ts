import type { SmapsFields } from "@zeropfn/mm";
import type { BareZeroing, FioJobJson, FioPass } from "@zeropfn/workloads";

/** What a measuring process is asked, its first message. */
export interface MeasureTask {
  /** Name of the stack; undefined: the bare zeroing loop. */
  readonly stack: string | undefined;
  readonly text: string;
  readonly file: string;
}

/** What a pass says, without its thousands of samples. */
export type PassResult = Omit<FioPass, "ioSamples">;

/** What the host spent on a process. */
export interface HostUsage {
  /** Peak resident set, bytes. */
  readonly peakBytes: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
}

/** A job on one stack. */
export interface StackResult {
  readonly stack: string;
  readonly summary: string;
  /** fio's own shape. */
  readonly job: FioJobJson;
  readonly smaps: { readonly text: string; readonly fields: SmapsFields };
  readonly frames: { readonly before: number; readonly after: number };
  readonly tree: { readonly nodes: number; readonly bytes: number };
  readonly first: PassResult;
  readonly warm: PassResult;
  readonly host: HostUsage;
}

/** The zeroing loop alone. */
export interface BareResult extends BareZeroing {
  readonly frames: number;
  readonly host: HostUsage;
}

/** What a measuring process says. */
export type MeasureMessage =
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  | { readonly kind: "stack"; readonly result: StackResult }
  | { readonly kind: "bare"; readonly result: BareResult }
  /** One line: the job could not run to its end. */
  | { readonly kind: "failed"; readonly why: string };
