import type { Workspace } from "../tidy/workspace.ts";
import { type Citation, citationsOf } from "./citations.ts";

/** Where the page is kept. */
export const PAGE = "docs/kernel-map.md";

const INTRODUCTION = `# Our names and the kernel's

Written by \`npm run kernel-map\` from the \`@kernel\` tags of the sources: change those, not this.

A *step* is atomic: where the explorer may switch threads. It stands for what the kernel does under one lock or in one
instruction. After "until" stands what a step waits for: where the kernel sleeps or spins on a lock. A *silent* step runs
together with the one before it. What has no step is code between steps, or code that only reads what never changes.
`;

/** The whole page, a table for each package that cites the kernel. */
export function kernelMap(workspace: Workspace): string {
  const tables = workspace.packages.flatMap(({ name, sources }) => {
    const citations = sources.filter(({ area }) => area === "src").flatMap(citationsOf);
    return citations.length === 0
      ? []
      : [`## ${name}\n\n| Ours | The kernel's | Where | Version | Step |\n|---|---|---|---|---|\n${citations.map(row).join("")}`];
  });
  return `${INTRODUCTION}\n${tables.join("\n")}`;
}

const row = ({ ours, kernel, file, version, leaf }: Citation): string =>
  `| \`${ours}\` | ${[kernel, file, version, stepOf({ leaf })].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;

function stepOf({ leaf }: Pick<Citation, "leaf">): string {
  if (leaf === undefined) return "";
  return `\`${leaf.name}\`${leaf.waitsUntil === "" ? "" : ` until \`${leaf.waitsUntil}\``}${leaf.isSilent ? ", silent" : ""}`;
}
