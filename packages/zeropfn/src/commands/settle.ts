import type { Scenario, Verdict } from "@zeropfn/explore";
import { Command } from "commander";
import { CommandError, EXIT_BAD_ANSWER, EXIT_BAD_INPUT } from "../errors.ts";

/** What settles: the explore builds. Only this command loads them; the others run the ordinary ones. */
type Explorer = typeof import("@zeropfn/explore");

/** `zeropfn settle [NAMES…]` */
export const settleCommand = (): Command =>
  new Command("settle")
    .description("Settle scenarios of the catalogue by exhaustion: those named, or all.")
    .argument("[names...]", "a scenario (004-D1), or how the names of several begin (004)")
    .option("--json", "print the verdicts for machines")
    .action(async (names: readonly string[], options: { readonly json?: true }) => {
      const explorer: Explorer = await import("@zeropfn/explore/explore"), hasText = options.json !== true;
      const verdicts = chosen(explorer, names).map((scenario) => {
        const verdict = explorer.settleScenario(scenario);
        if (hasText) process.stdout.write(verdictText(explorer, verdict));
        return verdict;
      });
      process.stdout.write(hasText ? `${explorer.summary(verdicts)}\n` : `${JSON.stringify(verdicts.map(forMachines), null, 2)}\n`);
      if (explorer.exitCodeOf(verdicts) !== 0) throw new CommandError(EXIT_BAD_ANSWER, `settle: ${explorer.summary(verdicts)}`);
    });

/** @throws {CommandError} for a name that stands for no scenario. */
function chosen({ catalogue, scenariosNamed }: Explorer, names: readonly string[]): readonly Scenario[] {
  try {
    return names.length === 0 ? catalogue : scenariosNamed(names);
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code !== "EXPLORE_UNKNOWN_NAME") throw error;
    throw new CommandError(EXIT_BAD_INPUT, `settle: ${message.replace(`${code}: `, "")}`, { cause: error });
  }
}

/** A line, and how it goes wrong where it does. */
function verdictText({ printVerdict, printSchedule }: Explorer, verdict: Verdict): string {
  return `${printVerdict(verdict)}\n${verdict.schedule === undefined ? "" : `\n${printSchedule(verdict.schedule)}\n\n`}`;
}

/** A verdict without the scenario's code. What is no number is null in JSON. */
function forMachines({ scenario, ...rest }: Verdict): object {
  const { claim, source, expected, reason } = scenario.options;
  return { name: scenario.name, claim, source, expected, reason, ...rest };
}
