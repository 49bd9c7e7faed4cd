import { fork } from "node:child_process";
import { CommandError, EXIT_BAD_ANSWER } from "../errors.ts";
import { MEASURE } from "./child.ts";
import type { BareResult, MeasureMessage, MeasureTask, StackResult } from "./protocol.ts";

/** Told how far a measuring process is. */
export type OnProgress = (done: number, total: number) => void;

/** A job on one stack, in a process of its own: nobody else's garbage, compiled code or memory is in the way. */
export async function measureStack(bin: string, task: MeasureTask & { readonly stack: string }, onProgress: OnProgress): Promise<StackResult> {
  const answer = await measure(bin, task, onProgress);
  if (answer.kind !== "stack") throw new TypeError(`a measuring process answered ${answer.kind}`);
  return answer.result;
}

/** The zeroing loop alone, in a process of its own. */
export async function measureBare(bin: string, task: Omit<MeasureTask, "stack">, onProgress: OnProgress): Promise<BareResult> {
  const answer = await measure(bin, { ...task, stack: undefined }, onProgress);
  if (answer.kind !== "bare") throw new TypeError(`a measuring process answered ${answer.kind}`);
  return answer.result;
}

/** @throws {CommandError} if the process ended without a result. */
function measure(bin: string, task: MeasureTask, onProgress: OnProgress): Promise<MeasureMessage> {
  const child = fork(bin, [MEASURE]), who = task.stack === undefined ? "the zeroing loop" : `stack ${task.stack}`;
  return new Promise((resolve, reject) => {
    let answer: MeasureMessage | undefined;
    child.on("message", (message: MeasureMessage) => {
      if (message.kind === "progress") onProgress(message.done, message.total);
      else answer = message;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (answer?.kind === "failed") reject(new CommandError(EXIT_BAD_ANSWER, `${who}: ${answer.why}`));
      else if (answer === undefined) reject(new CommandError(EXIT_BAD_ANSWER, `${who}: its process ended with ${signal ?? `exit code ${code}`} and no result`));
      else resolve(answer);
    });
    child.send(task);
  });
}
