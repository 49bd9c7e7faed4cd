/** The first ```ts block of a Markdown text; undefined if there is none. */
export const firstExample = (markdown: string): string | undefined => /^```ts\r?\n(.*?)^```/ms.exec(markdown)?.[1];

/** What an example says that it prints: the comments behind its lines that begin with `console.log(`, in order. */
export const expectedLines = (example: string): string[] =>
  example
    .split("\n")
    .filter((line) => line.startsWith("console.log("))
    .flatMap((line) => /; \/\/ (.*)$/.exec(line)?.[1] ?? []);

/**
 * The first line of `expected` that `printed` does not have, or does not have after those before it; undefined if it has all.
 * Blanks do not count, and a comment may go on with a colon and a remark: "0 -11: a zero byte, and SIGSEGV".
 */
export function missingLine(expected: readonly string[], printed: readonly string[]): string | undefined {
  let next = 0;
  for (const line of expected) {
    const found = printed.findIndex((each, nth) => nth >= next && (squeezed(line) === squeezed(each) || squeezed(line).startsWith(`${squeezed(each)}:`)));
    if (found < 0) return line;
    next = found + 1;
  }
  return undefined;
}

const squeezed = (line: string): string => line.replaceAll(/\s/g, "");
