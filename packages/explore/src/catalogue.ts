import { ExploreError } from "./errors.ts";
import type { Scenario } from "./scenario.ts";
import { staleTranslations } from "./scenarios/001-tlb.ts";
import { daxHole } from "./scenarios/004-dax-hole.ts";
import { folioBuddy } from "./scenarios/folio-buddy.ts";
import { folioCopy } from "./scenarios/folio-copy.ts";
import { folioReferences } from "./scenarios/folio-references.ts";
import { folioSplit } from "./scenarios/folio-split.ts";
import { mmExit } from "./scenarios/mm-exit.ts";
import { mmFaults } from "./scenarios/mm-faults.ts";
import { mmFork } from "./scenarios/mm-fork.ts";
import { mmGup } from "./scenarios/mm-gup.ts";
import { mmThp } from "./scenarios/mm-thp.ts";
import { mmTruncate } from "./scenarios/mm-truncate.ts";
import { mmUnmap } from "./scenarios/mm-unmap.ts";
import { xarrayRaces } from "./scenarios/xarray.ts";
import { settleScenario, type SettleOptions } from "./settle.ts";
import type { Verdict } from "./verdict.ts";

/** All scenarios that ship, in the order of their names. */
export const catalogue: readonly Scenario[] = [...staleTranslations, ...daxHole, ...folioBuddy, ...folioCopy, ...folioReferences, ...folioSplit, ...mmExit, ...mmFaults, ...mmFork, ...mmGup, ...mmThp, ...mmTruncate, ...mmUnmap, ...xarrayRaces];

/**
 * Scenarios by name: "004-D1" is one, "004" all whose names begin with it.
 * @throws {ExploreError} EXPLORE_UNKNOWN_NAME
 */
export function scenariosNamed(names: readonly string[], among: readonly Scenario[] = catalogue): Scenario[] {
  const wanted = new Set<Scenario>();
  for (const name of names) {
    const exact = among.filter((scenario) => scenario.name === name);
    const found = exact.length > 0 ? exact : among.filter((scenario) => scenario.name.startsWith(name));
    if (found.length === 0) throw new ExploreError("EXPLORE_UNKNOWN_NAME", `no scenario is called ${name}, expected one of ${among.map((scenario) => scenario.name).join(", ")} or the beginning of some`);
    for (const scenario of found) wanted.add(scenario);
  }
  return among.filter((scenario) => wanted.has(scenario));
}

/** Settles the scenarios that are named, all of the catalogue if none is. @throws {ExploreError} EXPLORE_UNKNOWN_NAME */
export function settle(names: readonly string[] = [], options: SettleOptions = {}): Verdict[] {
  const scenarios = names.length === 0 ? catalogue : scenariosNamed(names);
  return scenarios.map((scenario) => settleScenario(scenario, options));
}
