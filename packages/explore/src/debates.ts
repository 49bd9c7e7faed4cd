import { settle } from "./catalogue.ts";
import { printMarkdown } from "./print-markdown.ts";

/** The seeds that have scenarios: the beginning of their names, and what their page is called. */
export const debates: Readonly<Record<string, string>> = {
  "001": "Seed 001: what may a processor still do with a page that is taken away?",
  "004": "Seed 004: may a hole of a DAX file be mapped by the common zero page?",
  mm: "Races in the memory of a process: system calls and faults against each other",
};

/** The page of one debate, as `docs/debates` has it. */
export const debatePage = (seed: string): string => `${printMarkdown(debates[seed] ?? `Scenarios ${seed}`, settle([seed]))}\n`;
