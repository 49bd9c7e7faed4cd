/** `npm run new-package -- NAME [--floor 2] [--depends state,units] [--leaves]`: a package to begin with. */
import { join } from "node:path";
import { newPackage } from "./command.ts";

const { lines, exitCode } = newPackage(join(import.meta.dirname, "..", ".."), process.argv.slice(2));
for (const line of lines) (exitCode === 0 ? console.log : console.error)(line);
process.exitCode = exitCode;
