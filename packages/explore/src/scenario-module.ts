import { ExploreError } from "./errors.ts";
import type { Scenario } from "./scenario.ts";

/**
 * The scenarios that a module exports: by default one or an array of them, or by name.
 * @param fileName For the report.
 * @throws {ExploreError} EXPLORE_BAD_SCENARIO if it exports none.
 */
export function scenariosIn(module: Readonly<Record<string, unknown>>, fileName: string): Scenario[] {
  const found = Object.values(module).flat().filter(isScenario);
  if (found.length === 0) throw new ExploreError("EXPLORE_BAD_SCENARIO", `${fileName}: exports no scenario, expected \`export default scenario("NAME", …)\``);
  return [...new Set(found)];
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === "object" && value !== null && "name" in value && "options" in value && "setUp" in value && typeof value.setUp === "function";
}
