import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export const BIN: string = join(import.meta.dirname, "../bin/zeropfn.js");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a user does. */
export function zeropfn(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: "utf8", timeout: 60_000 });
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
