import type { Scenario } from "./scenario.ts";
import { type Found, search, type SearchOptions } from "./search.ts";

/** A search that found something else than the ordinary one did. Undefined if none. */
export interface Disagreement {
  readonly search: string;
  readonly ordinary: string;
  readonly other: string;
}

/** Searches that must find the same states: anything else shows a broken rule that no single search can see. */
const OTHERS: Readonly<Record<string, SearchOptions>> = {
  "reversed order": { isReversed: true },
  paranoid: { isParanoid: true },
};
/** Searches that must come to the same verdict. */
const OTHER_VERDICTS: Readonly<Record<string, SearchOptions>> = {
  "another seed": { seed: 1 },
  "without marks": { hasMarks: false, maximumStates: 200_000 },
};

/** Searches again in other ways. Those without marks may run into a bound, and then say nothing. */
export function compareSearches(scenario: Scenario, options: SearchOptions = {}, which: readonly string[] = [...Object.keys(OTHERS), ...Object.keys(OTHER_VERDICTS)]): Disagreement[] {
  const ordinary = search(scenario, options);
  const found: Disagreement[] = [];
  const compare = (name: string, other: SearchOptions, text: (found: Found) => string): void => {
    if (!which.includes(name)) return;
    const result = search(scenario, { ...options, ...other });
    if (result.end === "limit" && name === "without marks") return;
    if (text(ordinary) !== text(result)) found.push({ search: name, ordinary: text(ordinary), other: text(result) });
  };
  for (const [name, other] of Object.entries(OTHERS)) compare(name, other, ordinary.end === "exhausted" ? digestText : endText);
  for (const [name, other] of Object.entries(OTHER_VERDICTS)) compare(name, other, endText);
  return found;
}

const endText = ({ end }: Found): string => end;
const digestText = ({ end, states, digest, why }: Found): string => (end === "exhausted" ? `${states} states, digest ${digest}` : `${end}: ${why}`);
