export { type AccessBatch, type AccessKind, BATCH_ACCESSES, FETCH, LOAD, MODIFY, STORE } from "./accesses.ts";
export { type LackeyDifference, TracedSpace } from "./address-space.ts";
export type { LackeyCall, LackeySink } from "./events.ts";
export { LackeyParser } from "./parser.ts";
export { type LackeyReadOptions, readLackey } from "./read.ts";
export { LackeyReplay, type LackeyReplayOptions, SAMPLE_EVERY } from "./replay.ts";
export type { LackeyReport, LackeySample } from "./report.ts";
export { type LackeyRunOptions, runLackey } from "./run.ts";
export type { LackeyFile, LackeyMachine, LackeyMapping, LackeyProcess } from "./target.ts";
