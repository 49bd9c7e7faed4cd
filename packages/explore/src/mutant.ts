import { ExploreError } from "./errors.ts";
import type { Scenario, Variation } from "./scenario.ts";
import { slug } from "./schedule.ts";
import { withInstance } from "./search.ts";

/** A broken sibling of a scenario, by its name or the form of it that schedule strings have. @throws {ExploreError} EXPLORE_UNKNOWN_NAME */
export function mutantNamed(scenario: Scenario, wanted: string): { readonly name: string; readonly variation: Variation } {
  const mutants = withInstance(scenario, {}, (instance) => instance.mutants);
  const found = mutants.find(({ name }) => name === wanted || slug(name) === wanted);
  if (found === undefined) throw new ExploreError("EXPLORE_UNKNOWN_NAME", `${scenario.name} has no mutant ${wanted}, expected one of ${mutants.map(({ name }) => slug(name)).join(", ") || "none"}`);
  return found;
}
