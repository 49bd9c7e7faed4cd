import { ExploreError } from "./errors.ts";
import { scenariosNamed } from "./catalogue.ts";
import { mutantNamed } from "./mutant.ts";
import type { Scenario } from "./scenario.ts";
import { modelHash, parseMoves, type Schedule, scheduleOf, stepsOf } from "./schedule.ts";
import { withInstance } from "./search.ts";

/**
 * Steps through a schedule string, as printed under a violation: "004-D2@f08bca1f:0*14.1*19", "004-D1/no-unmap@…".
 * @throws {ExploreError} EXPLORE_BAD_SCHEDULE if it cannot be read, or if the model has changed since: with the reason.
 * @throws {ExploreError} EXPLORE_UNKNOWN_NAME
 */
export function replay(text: string, among?: readonly Scenario[]): Schedule {
  const match = /^([^@/]+)(?:\/([^@]+))?@([0-9a-f]{8}):(.+)$/.exec(text.trim());
  if (match === null) throw new ExploreError("EXPLORE_BAD_SCHEDULE", `"${text}", expected SCENARIO@HASH:MOVES such as 004-D2@f08bca1f:0*14.1*19`);
  const [, name, mutantSlug, hash, movesText] = match as unknown as [string, string, string | undefined, string, string];
  const [scenario] = scenariosNamed([name], among) as [Scenario];
  const mutant = mutantSlug === undefined ? undefined : mutantNamed(scenario, mutantSlug);
  return withInstance(scenario, mutant === undefined ? {} : { variation: mutant.variation }, (instance) => {
    const moves = parseMoves(movesText, instance.world.threads.length);
    const start = instance.world.save();
    const { names } = stepsOf(instance, moves);
    if (modelHash(names) !== hash) throw new ExploreError("EXPLORE_BAD_SCHEDULE", `the model changed: these ${moves.length} moves now perform other leaves (model ${modelHash(names)}, the schedule is of ${hash})`);
    const why = instance.world.failure?.message ?? instance.complaint()?.message;
    instance.world.restore(start);
    return scheduleOf(instance, moves, { conclusion: why === undefined ? "no complaint at the end of this schedule" : `VIOLATION: ${why}`, isMinimal: false, mutant: mutant?.name });
  });
}
