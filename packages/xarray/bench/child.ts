/** Measures one structure, in a process of its own: `child.ts SUBJECT LARGEST`. Prints one line of JSON. */
import { keysOf, SHAPES, type Shape, shuffled } from "./keys.ts";
import { markSubjects, measureMarks } from "./marks.ts";
import { DENSE_ONLY, SUBJECTS } from "./subjects.ts";

export interface Measure {
  readonly subject: string;
  readonly shape: Shape | "marks";
  readonly count: number;
  readonly task: string;
  /** Time of this process, not of the wall: others use the machine as well. */
  readonly ns: number;
  readonly sum: number;
}

const [name = "", largest = "1000000"] = process.argv.slice(2);
const measures: Measure[] = [];
const collect = (globalThis as { gc?: () => void }).gc ?? ((): void => undefined);

let last = 0;
function time(operations: number, act: () => number): number {
  const before = process.cpuUsage();
  last = act();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / operations;
}

/** Small ones are repeated, so that the compiler has seen them and the clock is fine enough. */
const repeats = (count: number): number => (count <= 1000 ? 60 : count <= 100_000 ? 4 : 1);

function bytesNow(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function measureMap(): void {
  for (const count of [1000, 100_000, 1_000_000].filter((size) => size <= Number(largest))) {
    for (const shape of SHAPES) {
      if (DENSE_ONLY.has(name) && shape !== "dense") continue;
      const keys = keysOf(shape, count), order = shuffled(keys), before = bytesNow();
      const subject = SUBJECTS[name]!();
      subject.make(keys);
      const bytes = (bytesNow() - before) / count;
      if (count > 1000) measures.push({ subject: name, shape, count, task: "bytes an entry", ns: bytes, sum: 0 });
      for (const [task, run] of Object.entries(subject.tasks)) {
        let best = Number.POSITIVE_INFINITY;
        const isFilling = task.startsWith("insert"), rounds = repeats(count);
        if (!isFilling) subject.make(keys);
        for (let round = 0; round < rounds; round++) {
          if (task === "erase random" && round > 0) subject.make(keys);
          if (count <= 1000 && task !== "erase random") {
            let sum = 0;
            best = Math.min(best, time(count * 20, () => {
              for (let again = 0; again < 20; again++) sum = run(keys, order);
              return sum;
            }));
          } else best = Math.min(best, time(count, () => run(keys, order)));
        }
        measures.push({ subject: name, shape, count, task, ns: best, sum: last });
      }
    }
  }
}

async function measureMarkSets(): Promise<void> {
  for (const [subject, make] of Object.entries(await markSubjects())) {
    for (const density of [0.01, 0.25, 0.9]) {
      measureMarks(make, 100_000, density, time);
      const { sum, ...tasks } = measureMarks(make, 100_000, density, time);
      for (const [task, ns] of Object.entries(tasks)) measures.push({ subject, shape: "marks", count: 100_000, task: `${task} at ${density}`, ns, sum: sum! });
    }
  }
}

if (name === "marks") await measureMarkSets();
else measureMap();
console.log(JSON.stringify(measures));
