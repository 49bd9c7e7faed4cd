/** `npm run tidy`: the places that break our own rules, one a line. The tests make the same checks. */
import { join } from "node:path";
import { checks } from "./checks.ts";
import { readWorkspace } from "./workspace.ts";

const workspace = readWorkspace(join(import.meta.dirname, "..", ".."));
for (const [rule, check] of Object.entries(checks)) {
  const complaints = check(workspace);
  console.log(`${complaints.length === 0 ? "ok  " : "FAIL"}  ${rule}`);
  for (const complaint of complaints) console.log(`        ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}
