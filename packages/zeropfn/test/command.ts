import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll } from "vitest";

export const BIN: string = join(import.meta.dirname, "../bin/zeropfn.js");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a user does. */
export const zeropfn = (...args: readonly string[]): Ended => run(BIN, ...args);

/** As somebody whom permissions stop: root becomes nobody, once the program is loaded. */
export function zeropfnAsNobody(...args: readonly string[]): Ended {
  const main = pathToFileURL(join(import.meta.dirname, "../dist/index.js")).href;
  const program = `import { main } from ${JSON.stringify(main)}; if (process.getuid() === 0) process.seteuid(65534); process.exitCode = await main(${JSON.stringify(args)}, "");`;
  return run("--input-type=module", "-e", program);
}

function run(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 });
  return { code: status, out: stdout, err: stderr };
}

/** A folder for one file of tests. */
export const folder: string = mkdtempSync(join(tmpdir(), "zeropfn-"));
afterAll(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
/** A job file. */
export function jobFile(text: string): string {
  const file = join(folder, `job-${++fileCount}.fio`);
  writeFileSync(file, text);
  return file;
}

/** The job of the mail, smaller. */
export const smallJob = (size: string): string => `[global]\nsize=${size}\nfilename=/root/dax/data\nfallocate=none\n[io]\nrw=read\nioengine=mmap\n`;
