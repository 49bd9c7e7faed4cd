/** `npm run kernel-map`: writes the page anew. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readWorkspace } from "../tidy/workspace.ts";
import { kernelMap, PAGE } from "./page.ts";

const root = join(import.meta.dirname, "..", "..");
writeFileSync(join(root, PAGE), kernelMap(readWorkspace(root)));
console.log(`${PAGE} is written`);
