import { smaps, smapsFields, stacks } from "@zeropfn/mm";
import { fioJobJson, fioMachine, type FioPass, parseFio, runFio, WorkloadsError, zeroFrames } from "@zeropfn/workloads";
import { EXIT_BAD_ANSWER, EXIT_OK } from "../errors.ts";
import type { HostUsage, MeasureMessage, MeasureTask, PassResult } from "./protocol.ts";

/** The argument that makes the program a measuring process. Not for users. */
export const MEASURE = "__measure";

/** The life of a measuring process: one task, some progress, one result. */
export async function measureForParent(): Promise<number> {
  const task = await new Promise<MeasureTask>((resolve) => process.once("message", (message) => resolve(message as MeasureTask)));
  const answer = answerOf(task);
  await send(answer);
  process.disconnect();
  return answer.kind === "failed" ? EXIT_BAD_ANSWER : EXIT_OK;
}

/** A run that the machine or the host cannot carry is an answer; all else is a bug and keeps its stack trace. */
function answerOf(task: MeasureTask): MeasureMessage {
  try {
    return task.stack === undefined ? bareResult(task) : stackResult(task, task.stack);
  } catch (error) {
    if (error instanceof WorkloadsError || error instanceof RangeError) return { kind: "failed", why: error.message };
    throw error;
  }
}

function stackResult({ text, file }: MeasureTask, name: string): MeasureMessage {
  const job = parseFio(text, file)[0]!, stack = stacks[name]!, machine = fioMachine(job, stack);
  const began = process.hrtime.bigint(), before = process.resourceUsage();
  const report = runFio(machine, job, { onProgress });
  const after = process.resourceUsage(), elapsedUs = Number(process.hrtime.bigint() - began) / 1e3;
  const usage = {
    usr_cpu: (100 * (after.userCPUTime - before.userCPUTime)) / elapsedUs,
    sys_cpu: (100 * (after.systemCPUTime - before.systemCPUTime)) / elapsedUs,
    ctx: after.voluntaryContextSwitches + after.involuntaryContextSwitches - before.voluntaryContextSwitches - before.involuntaryContextSwitches,
  };
  const result = {
    stack: name,
    summary: stack.summary,
    job: fioJobJson(report, usage),
    smaps: { text: smaps(report.process, report.address, "2017"), fields: smapsFields(report.process, report.address)! },
    frames: { before: report.framesBefore, after: report.framesAfter },
    tree: { nodes: report.treeNodes, bytes: report.treeBytes },
    first: withoutSamples(report.first),
    warm: withoutSamples(report.warm),
    host: hostUsage(),
  };
  return { kind: "stack", result };
}

/** More than a processor's caches hold; more would tell nothing else. */
const LARGEST_BARE_BYTES = 2 ** 30;

function bareResult({ text, file }: MeasureTask): MeasureMessage {
  const job = parseFio(text, file)[0]!, size = Math.min(job.size, LARGEST_BARE_BYTES);
  const machine = fioMachine({ ...job, size }, Object.values(stacks)[0]!), frames = Math.ceil(size / machine.pageSize);
  const times = zeroFrames(machine, frames, { onProgress });
  return { kind: "bare", result: { ...times, frames, host: hostUsage() } };
}

const withoutSamples = ({ ioSamples: _, ...pass }: FioPass): PassResult => pass;

function hostUsage(): HostUsage {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return { peakBytes: maxRSS * 1024, userSeconds: userCPUTime / 1e6, systemSeconds: systemCPUTime / 1e6 };
}

/** While it measures, a process hears no message and no end of its channel: it looks whether its parent is still there. */
function onProgress(done: number, total: number): void {
  if (process.ppid !== parentPid) process.exit(EXIT_BAD_ANSWER);
  void send({ kind: "progress", done, total });
}
const parentPid = process.ppid;

const send = (message: MeasureMessage): Promise<void> =>
  new Promise((resolve, reject) => process.send!(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error))));
