/** How many runs of neighbouring numbers a set has: {1, 2, 3, 7} has two. */
export function runCount(pages: ReadonlySet<number>): number {
  let runs = 0;
  for (const page of pages) if (!pages.has(page - 1)) runs++;
  return runs;
}
