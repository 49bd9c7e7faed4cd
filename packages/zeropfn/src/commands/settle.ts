import type { Scenario, SettleOptions, Verdict } from "@zeropfn/explore";
import { Command } from "commander";
import { CommandError, EXIT_BAD_ANSWER, EXIT_BAD_INPUT } from "../errors.ts";
import { exploreInChild, isExploring, isScenarioFile, scenariosOfFiles } from "./scenario-files.ts";
import { showSearch } from "./search-progress.ts";

/** What settles: the explore builds. Only this command loads them; the others run the ordinary ones. */
export type Explorer = typeof import("@zeropfn/explore");

interface SettleFlags {
  readonly json?: true;
  readonly markdown?: true;
  readonly full?: true;
  readonly replay?: string;
}

/** `zeropfn settle [NAMES…|FILES…]`. `args` is the whole command line, for a process that loads the files' explore builds. */
export const settleCommand = (bin: string, args: readonly string[]): Command =>
  new Command("settle")
    .description("Settle scenarios by exhaustion: those named, those of a file, or all of the catalogue.")
    .argument("[names...]", "a scenario (004-D1), how the names of several begin (004), or a file that exports some (./mine.ts)")
    .option("--full", "print every step of a schedule, bookkeeping too")
    .option("--replay <string>", "step through a schedule, by the string printed under it")
    .option("--markdown", "print the page of a debate")
    .option("--json", "print the verdicts for machines")
    .action(async (names: readonly string[], flags: SettleFlags) => {
      if (names.some(isScenarioFile) && !isExploring()) return exploreInChild(bin, args);
      const explorer: Explorer = await import("@zeropfn/explore/explore");
      const scenarios = await scenariosFor(explorer, names);
      if (flags.replay === undefined) settleAll(explorer, scenarios, flags);
      else process.stdout.write(`${orBadInput(() => explorer.printSchedule(explorer.replay(flags.replay!, scenarios), { isFull: true }))}\n`);
    });

async function scenariosFor(explorer: Explorer, names: readonly string[]): Promise<readonly Scenario[]> {
  if (names.length === 0) return explorer.catalogue;
  const files = names.filter(isScenarioFile), others = names.filter((name) => !isScenarioFile(name));
  return [...(await scenariosOfFiles(explorer, files)), ...(others.length === 0 ? [] : orBadInput(() => explorer.scenariosNamed(others)))];
}

function settleAll(explorer: Explorer, scenarios: readonly Scenario[], { json, markdown, full }: SettleFlags): void {
  const isLineByLine = json !== true && markdown !== true, search = showSearch();
  const verdicts = scenarios.map((scenario) => {
    const verdict = orBadInput(() => explorer.settleScenario(scenario, search.next(scenario.name) satisfies SettleOptions));
    search.stop();
    if (isLineByLine) process.stdout.write(verdictText(explorer, verdict, full === true));
    return verdict;
  });
  if (json) process.stdout.write(`${JSON.stringify(verdicts.map(forMachines), null, 2)}\n`);
  else if (markdown) process.stdout.write(`${explorer.printMarkdown(titleOf(scenarios), verdicts, { isFull: full === true })}\n`);
  else process.stdout.write(`${explorer.summary(verdicts)}\n`);
  if (explorer.exitCodeOf(verdicts) !== 0) throw new CommandError(EXIT_BAD_ANSWER, `settle: ${explorer.summary(verdicts)}`);
}

const titleOf = (scenarios: readonly Scenario[]): string => `Settled: ${scenarios.map(({ name }) => name).join(", ")}`;

/** A line, and how it goes wrong where it does. */
function verdictText({ printVerdict, printSchedule }: Explorer, verdict: Verdict, isFull: boolean): string {
  return `${printVerdict(verdict)}\n${verdict.schedule === undefined ? "" : `\n${printSchedule(verdict.schedule, { isFull })}\n\n`}`;
}

/** A verdict without the scenario's code. What is no number is null in JSON. */
function forMachines({ scenario, ...rest }: Verdict): object {
  const { claim, source, expected, reason } = scenario.options;
  return { name: scenario.name, claim, source, expected, reason, ...rest };
}

/** A mistake in a name, a schedule or a scenario is the user's: one line. */
function orBadInput<Result>(ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code?.startsWith("EXPLORE_") !== true) throw error;
    throw new CommandError(EXIT_BAD_INPUT, `settle: ${message.replace(`${code}: `, "")}`, { cause: error });
  }
}
