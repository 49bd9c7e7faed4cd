import { type Machine, type Stack, stacks } from "@zeropfn/mm";
import { lineOf, WorkloadsError } from "@zeropfn/workloads";
import { lackeyMachine, runLackey } from "@zeropfn/workloads/lackey";
import { Presets, SingleBar } from "cli-progress";
import { Command, InvalidArgumentError } from "commander";
import { CommandError, EXIT_BAD_ANSWER, EXIT_BAD_INPUT } from "../errors.ts";
import { type TraceRun, traceJson, traceText } from "../report/trace.ts";

/** `zeropfn run TRACE --stack NAME [--json]` */
export const runCommand = (): Command =>
  new Command("run")
    .description("Replay a memory trace of valgrind's lackey on a stack, and print what it did to the machine.")
    .argument("<trace>", "what valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes --log-file=TRACE wrote; may be gzipped")
    .option("--stack <name>", "the stack to run on (see: zeropfn stacks)", knownStack)
    .option("--json", "print all of it for machines")
    .action(async (file: string, options: { readonly stack?: string; readonly json?: true }) => {
      if (options.stack === undefined) throw new CommandError(EXIT_BAD_INPUT, `run needs --stack, expected one of ${Object.keys(stacks).join(", ")}`);
      const run = await replay(file, options.stack, options.json !== true);
      process.stdout.write(options.json === true ? traceJson(run) : traceText(run));
    });

function knownStack(name: string): string {
  if (!Object.hasOwn(stacks, name)) throw new InvalidArgumentError(`expected one of ${Object.keys(stacks).join(", ")}`);
  return name;
}

async function replay(file: string, name: string, hasProgress: boolean): Promise<TraceRun> {
  const stack = stacks[name]!, machine = machineOf(stack), progress = showProgress(hasProgress, file);
  try {
    const { process: _, ...report } = await runLackey(machine, file, { onProgress: progress.update });
    return { file, stack: name, summary: stack.summary, report };
  } catch (error) {
    throw said(error, file);
  } finally {
    progress.stop();
  }
}

/** A stack on which no program could run is a bad question. */
function machineOf(stack: Stack): Machine {
  try {
    return lackeyMachine(stack);
  } catch (error) {
    if (error instanceof WorkloadsError) throw new CommandError(EXIT_BAD_INPUT, `run: ${sentenceOf(error)}`, { cause: error });
    throw error;
  }
}

const sentenceOf = ({ message, code }: WorkloadsError): string => message.replace(`${code}: `, "");

/** A mistake of the trace, or of whoever named the file, is one line. */
function said(error: unknown, file: string): unknown {
  if (error instanceof WorkloadsError) {
    const { mistake } = error;
    return mistake === undefined ? new CommandError(EXIT_BAD_ANSWER, sentenceOf(error), { cause: error }) : new CommandError(EXIT_BAD_INPUT, lineOf(mistake), { cause: error });
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  return new CommandError(EXIT_BAD_INPUT, `${file}: cannot be read (${code}), expected a readable trace of lackey, plain or gzipped`, { cause: error });
}

/** A replay that is over sooner shows nothing. */
const QUIET_MS = 2000;

/** A bar on stderr. Where that is no terminal, a line now and then. */
function showProgress(isOn: boolean, label: string): { readonly update: (doneBytes: number, totalBytes: number) => void; readonly stop: () => void } {
  const began = performance.now();
  let bar: SingleBar | undefined;
  return {
    update(doneBytes, totalBytes) {
      if (!isOn || performance.now() - began < QUIET_MS) return;
      if (bar === undefined) {
        bar = new SingleBar({ format: "{bar} {percentage}% {label}", barsize: 30, clearOnComplete: true, noTTYOutput: true, notTTYSchedule: QUIET_MS }, Presets.rect);
        bar.start(totalBytes, doneBytes, { label });
      } else bar.update(doneBytes);
    },
    stop: () => bar?.stop(),
  };
}
