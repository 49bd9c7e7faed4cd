/** One job of a fio job file: a file that is all hole is mapped shared and read once, in order. */
export interface FioJob {
  /** Name of its section. */
  readonly name: string;
  /** Bytes of the file: a multiple of `blockBytes`. */
  readonly size: number;
  /** Path of the file; `NAME.0.0` where the job names none. */
  readonly filename: string;
  /** Bytes of one I/O: a power of two, one page … 64 pages. */
  readonly blockBytes: number;
  readonly rw: "read";
  readonly ioengine: "mmap";
  readonly fallocate: "none";
  readonly numjobs: 1;
  /** The keys of [global] and of the job, as written. */
  readonly globalOptions: Readonly<Record<string, string>>;
  readonly jobOptions: Readonly<Record<string, string>>;
}
