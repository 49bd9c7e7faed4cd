import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scenario } from "@zeropfn/explore";
import { CommandError, EXIT_BAD_INPUT } from "../errors.ts";
import type { Explorer } from "./settle.ts";

const CONDITION = "--conditions=explore";

/** "./mine.ts" and "mine.js" are files, "004-D1" is a name. */
export const isScenarioFile = (name: string): boolean => /[\\/]|\.[cm]?[jt]s$/.test(name);

/** True in a process whose imports are explore builds, by whatever name they are imported. */
export const isExploring = (): boolean => process.execArgv.includes(CONDITION);

/**
 * Runs the same command line again where plain imports are explore builds and TypeScript is loaded: a file of a stranger
 * imports `@zeropfn/mm`, and means the machine that is explored.
 * @throws {CommandError} with the exit code of that process, if it is not 0.
 */
export function exploreInChild(bin: string, args: readonly string[]): void {
  const { status, error } = spawnSync(process.execPath, [CONDITION, "--import", import.meta.resolve("tsx"), bin, ...args], { stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new CommandError(status ?? EXIT_BAD_INPUT, "");
}

/** All scenarios that the files export. @throws {CommandError} EXIT_BAD_INPUT */
export async function scenariosOfFiles(explorer: Explorer, files: readonly string[]): Promise<Scenario[]> {
  const found: Scenario[] = [];
  for (const file of files) found.push(...(await scenariosOfFile(explorer, file)));
  return found;
}

async function scenariosOfFile({ scenariosIn }: Explorer, file: string): Promise<Scenario[]> {
  const path = resolve(file), expected = "expected a module that exports scenarios";
  try {
    accessSync(path, constants.R_OK);
    return scenariosIn((await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>, file);
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === "EXPLORE_BAD_SCENARIO") throw new CommandError(EXIT_BAD_INPUT, `settle: ${message.replace(`${code}: `, "")}`, { cause: error });
    const why = code === "ENOENT" || code === "EACCES" ? `cannot be read (${code})` : `cannot be loaded (${inOneLine(message)})`;
    throw new CommandError(EXIT_BAD_INPUT, `settle: ${file}: ${why}, ${expected}`, { cause: error });
  }
}

/** What a loader says: its first line announces, its second says where. */
const inOneLine = (message: string): string => message.trim().split("\n").slice(0, 2).join(" ");
