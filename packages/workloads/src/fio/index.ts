export type { FioJob } from "./job.ts";
export { type FioDirection, type FioHostUsage, fioJobJson, type FioJobJson, type FioLatency } from "./json.ts";
export { fioMachine } from "./machine.ts";
export { FIO_OPTIONS, type FioKey, type FioOption, type FioValues, MAX_SIZE_BYTES } from "./options.ts";
export { parseFio } from "./parse.ts";
export { BATCH_PAGES, type FioPass, type FioReport, type FioRunOptions, runFio } from "./run.ts";
export { sizeOf } from "./size.ts";
