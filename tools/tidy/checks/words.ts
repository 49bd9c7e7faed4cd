import { readText, type Workspace } from "../workspace.ts";

/** This file names what it forbids. */
const SELF = "tools/tidy/checks/words";

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w./-])\/(?:work|home|Users|tmp)\/[\w.-]+/, "a path of one machine"],
  [/\bhttps?:\/\/(?:localhost|127\.0\.0\.1|[\w.-]*registry[\w.-]*)\b/, "an address of one machine or registry"],
  [/\b(?:sess|(?:sub)?ag)(?:ion|ent)s?\b/i, "a word about how a text was made, not about memory"],
  [/\bhelp(?:er)s?\b|(?<!node:)\butils?\b(?!\.[ch]\b)/i, "a name for nothing: say what it does"],
];

const READ = /\.(?:ts|js|json|md|fio|ya?ml)$|^\.ci\//;

/** What people read says what a thing is: no paths and addresses of the machine it was written on, no words without meaning. */
export const words = (workspace: Workspace): string[] =>
  workspace.files
    .filter((file) => READ.test(file) && file !== "package-lock.json" && !file.startsWith(SELF))
    .flatMap((file) =>
      readText(workspace, file)
        .split("\n")
        .flatMap((line, nth) => WORDS.flatMap(([pattern, what]) => (pattern.test(line) ? [`${file}:${nth + 1} "${pattern.exec(line)![0]}" is ${what}`] : []))),
    );
