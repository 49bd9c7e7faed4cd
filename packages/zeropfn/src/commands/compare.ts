import { stacks } from "@zeropfn/mm";
import { Command, InvalidArgumentError } from "commander";
import { CommandError, EXIT_BAD_ANSWER, EXIT_BAD_INPUT } from "../errors.ts";
import { measureBare, measureStack } from "../measure/parent.ts";
import { type Comparison, isSameBytes } from "../report/comparison.ts";
import { comparisonJson } from "../report/json.ts";
import { comparisonText } from "../report/text.ts";
import { showProgress } from "./progress.ts";
import { readWorkload } from "./read-workload.ts";

/** `zeropfn compare WORKLOAD --stack A --stack B [--json]` */
export const compareCommand = (bin: string): Command =>
  new Command("compare")
    .description("Run one workload on several stacks, each in a process of its own, and print what each did.")
    .argument("<workload>", "a fio job file")
    .option("--stack <name>", "a stack to run: once for each (see: zeropfn stacks)", addStack)
    .option("--json", "print all of it for machines; the job part has fio's shape")
    .action(async (file: string, options: { readonly stack?: readonly string[]; readonly json?: true }) => {
      if (options.stack === undefined) throw new CommandError(EXIT_BAD_INPUT, `compare needs --stack, expected one or more of ${Object.keys(stacks).join(", ")}`);
      const comparison = await compare(bin, file, options.stack, options.json !== true);
      process.stdout.write(options.json === true ? comparisonJson(comparison) : comparisonText(comparison));
      if (!isSameBytes(comparison)) throw new CommandError(EXIT_BAD_ANSWER, "the stacks returned different bytes");
    });

function addStack(name: string, before: readonly string[] = []): readonly string[] {
  if (!Object.hasOwn(stacks, name)) throw new InvalidArgumentError(`expected one of ${Object.keys(stacks).join(", ")}`);
  return [...before, name];
}

/** One after the other: two processes at a time would take memory bandwidth from each other. */
async function compare(bin: string, file: string, names: readonly string[], hasProgress: boolean): Promise<Comparison> {
  const { job, text } = readWorkload(file), progress = showProgress(hasProgress, names.length + 1);
  try {
    const results = [];
    for (const stack of names) results.push(await measureStack(bin, { stack, text, file }, progress.next(stack)));
    return { file, job, results, bare: await measureBare(bin, { text, file }, progress.next("zeroing alone")) };
  } finally {
    progress.stop();
  }
}
