import { catches } from "./checks/catches.ts";
import { decorators, subclasses } from "./checks/classes.ts";
import { deadFiles } from "./checks/dead-files.ts";
import { floors } from "./checks/floors.ts";
import { functionLength } from "./checks/function-length.ts";
import { emptyPackages, indexFiles } from "./checks/index-files.ts";
import { linked, links, listed } from "./checks/links.ts";
import { lockFile } from "./checks/lock-file.ts";
import { readmes } from "./checks/readmes.ts";
import { scenarios } from "./checks/scenarios.ts";
import { strayGlobals } from "./checks/stray-globals.ts";
import { words } from "./checks/words.ts";
import type { Workspace } from "./workspace.ts";

/** A rule that we keep. The answer is one line for each place that breaks it. */
export type Check = (workspace: Workspace) => string[];

/** The rules, by what a reader may rely on while they hold. */
export const checks: Readonly<Record<string, Check>> = {
  "imports point down, and name what package.json names": floors,
  "mechanisms ask no clock, no chance and no process": strayGlobals,
  "mechanisms rethrow what they do not know": catches,
  "there are no decorators": decorators,
  "no class with leaves has a subclass": subclasses,
  "every file is reached from something that runs": deadFiles,
  "the lock file names no address and forgets no platform": lockFile,
  "every package has a README with an example": readmes,
  "the README and the architecture list every package": listed,
  "links lead somewhere": links,
  "every page of docs is linked from another text": linked,
  "every package has something in it": emptyPackages,
  "an index has named re-exports and nothing else": indexFiles,
  "scenarios import the public surface alone": scenarios,
  "functions fit a screen": functionLength,
  "texts say what a thing is, not where it was made": words,
};
