export { type BareZeroing, type BareZeroingOptions, zeroFrames } from "./bare-zeroing.ts";
export { type Clock, hostClock } from "./clock.ts";
export { type InputMistake, lineOf, WorkloadsError, type WorkloadsErrorCode } from "./errors.ts";
export {
  BATCH_PAGES,
  FIO_OPTIONS,
  type FioDirection,
  type FioHostUsage,
  type FioJob,
  fioJobJson,
  type FioJobJson,
  type FioLatency,
  type FioKey,
  fioMachine,
  type FioOption,
  type FioPass,
  type FioReport,
  type FioRunOptions,
  type FioValues,
  MAX_SIZE_BYTES,
  parseFio,
  runFio,
  sizeOf,
} from "./fio/index.ts";
export { BatchTimes, type Latency, percentileName } from "./latency.ts";
