import { parse as parseIni } from "ini";
import { type InputMistake, WorkloadsError, type WorkloadsErrorCode } from "../errors.ts";
import type { FioJob } from "./job.ts";
import { FIO_OPTIONS, type FioKey, fioKeyOf, type FioValues } from "./options.ts";

/** What a section says. */
interface Section {
  readonly name: string;
  readonly line: number;
  readonly values: { [Key in FioKey]?: string | number };
  readonly lines: { [Key in FioKey]?: number };
  readonly texts: Record<string, string>;
}

type Mistake = (code: WorkloadsErrorCode, mistake: Omit<InputMistake, "file">) => WorkloadsError;

const GLOBAL = "global";

/**
 * Reads a fio job file: [global] sections and one job.
 *
 * @param file Name of the file, for messages.
 * @returns The jobs, in order: one.
 * @throws {WorkloadsError} with the line of the first mistake. What is not supported is an error, never ignored.
 */
export function parseFio(text: string, file: string): FioJob[] {
  const mistake: Mistake = (code, where) => new WorkloadsError(code, { file, ...where });
  const globals = newSection(GLOBAL, 1);
  let job: Section | undefined, section: Section | undefined, line = 0;
  for (const raw of text.replace(/^\u{feff}/u, "").split(/\r\n|\n|\r/)) {
    line++;
    const content = raw.trim();
    if (content === "" || content.startsWith(";") || content.startsWith("#")) continue;
    const name = sectionName(content);
    if (name === undefined) addKey(section, content, line, mistake);
    else if (name === GLOBAL && job !== undefined) throw mistake("WORKLOADS_BAD_LINE", { line, key: "[global]", value: content, expected: "[global] above the job" });
    else if (name === GLOBAL) section = globals;
    else if (job !== undefined) throw mistake("WORKLOADS_BAD_LINE", { line, key: "section", value: content, expected: "one job: jobs that run at the same time are not supported" });
    else job = section = newSection(name, line);
  }
  if (job === undefined) throw mistake("WORKLOADS_BAD_LINE", { line, key: "job section", value: "", expected: "a job section such as [io]" });
  return [jobOf(globals, job, mistake)];
}

const newSection = (name: string, line: number): Section => ({ name, line, values: {}, lines: {}, texts: {} });

/** `io` for `[io]`; undefined if the line is something else. @differs ini would nest a name with dots. */
const sectionName = (content: string): string | undefined => /^\[([^\]]+)\]\s*(?:[;#].*)?$/.exec(content)?.[1];

function addKey(section: Section | undefined, content: string, line: number, mistake: Mistake): void {
  // One line at a time: ini keeps neither line numbers nor the first of two values.
  const [name, parsed] = Object.entries(parseIni(content, { bracketedArray: false }))[0] ?? [content, ""];
  const value = parsed === true && !content.includes("=") ? "" : String(parsed);
  if (section === undefined) throw mistake("WORKLOADS_BAD_LINE", { line, key: name, value, expected: "a section such as [global] or [io] before the first key" });
  const key = fioKeyOf(name);
  if (key === undefined) throw mistake("WORKLOADS_UNSUPPORTED_KEY", { line, key: name, value, expected: `one of the supported keys: ${Object.keys(FIO_OPTIONS).join(", ")}` });
  const before = section.lines[key];
  if (before !== undefined) throw mistake("WORKLOADS_REPEATED_KEY", { line, key: name, value, expected: `${key} once in [${section.name}]; line ${before} has it` });
  const read = FIO_OPTIONS[key].read(value);
  if (read === undefined) throw mistake("WORKLOADS_BAD_VALUE", { line, key: name, value, expected: FIO_OPTIONS[key].expected });
  section.values[key] = read;
  section.lines[key] = line;
  section.texts[key] = value;
}

/** Without these a job means something else than what we do. */
const REQUIRED = ["size", "fallocate", "ioengine"] as const;

function jobOf(globals: Section, job: Section, mistake: Mistake): FioJob {
  const values = { ...globals.values, ...job.values } as FioValues;
  for (const key of REQUIRED) if (values[key] === undefined) throw mistake("WORKLOADS_MISSING_KEY", { line: job.line, key, value: "", expected: FIO_OPTIONS[key].expected });
  const size = values.size!, blockBytes = values.bs ?? 4096;
  if (size % blockBytes !== 0) {
    const line = job.lines.size ?? globals.lines.size!;
    throw mistake("WORKLOADS_BAD_VALUE", { line, key: "size", value: job.texts.size ?? globals.texts.size!, expected: `a multiple of bs, ${blockBytes} bytes` });
  }
  return {
    name: job.name,
    size,
    filename: values.filename ?? `${job.name}.0.0`,
    blockBytes,
    rw: "read",
    ioengine: "mmap",
    fallocate: "none",
    numjobs: 1,
    globalOptions: globals.texts,
    jobOptions: job.texts,
  };
}
