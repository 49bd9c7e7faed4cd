import { Command, CommanderError } from "commander";
import { compareCommand } from "./commands/compare.ts";
import { replayCommand } from "./commands/replay.ts";
import { runCommand } from "./commands/run.ts";
import { settleCommand } from "./commands/settle.ts";
import { stacksCommand } from "./commands/stacks.ts";
import { CommandError, EXIT_BAD_INPUT, EXIT_OK } from "./errors.ts";
import { MEASURE, measureForParent } from "./measure/child.ts";

/**
 * Runs one command line.
 *
 * @param args What stands behind the program's name.
 * @param bin  The program itself: what is measured runs in a process of its own, started from it.
 * @returns The exit code.
 */
export async function main(args: readonly string[], bin: string): Promise<number> {
  if (args[0] === MEASURE) return measureForParent();
  process.stdout.on("error", stopIfNobodyReads);
  const program = new Command("zeropfn").description("Settles memory-management arguments by running them.");
  for (const command of [compareCommand(bin), stacksCommand(), settleCommand(bin, args), replayCommand(), runCommand()]) program.addCommand(command);
  for (const command of [program, ...program.commands]) sayMistakesInOneLine(command);
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT_OK;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_BAD_INPUT;
    if (!(error instanceof CommandError)) throw error;
    // Without a message another process has said it already.
    if (error.message !== "") process.stderr.write(`zeropfn: ${error.message}\n`);
    return error.exitCode;
  }
}

/** "zeropfn compare: unknown option '--foo', expected --stack <name>, --json" */
function sayMistakesInOneLine(command: Command): void {
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
  const known = command.parent === null ? command.commands.map((sub) => sub.name()) : command.options.map(({ flags }) => flags);
  command.exitOverride().showSuggestionAfterError(false);
  command.configureOutput({
    outputError(text, write) {
      const what = text.trim().replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
      write(`${name}: ${what}${/unknown (option|command)/.test(what) ? `, expected ${known.join(", ")}` : ""}\n`);
    },
  });
}

/** `zeropfn … | head` ends quietly. */
function stopIfNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT_OK);
}
