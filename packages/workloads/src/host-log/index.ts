export { type Difference, firstDifference } from "./compare.ts";
export type { LogLine, LogRecord } from "./line.ts";
export { type HostLogReadOptions, parseHostLogLine, readHostLog } from "./read.ts";
export { type Disagreement, newReplayTally, replayHostLog, type ReplayTally } from "./replay.ts";
export { hostLogMachine } from "./setting.ts";
