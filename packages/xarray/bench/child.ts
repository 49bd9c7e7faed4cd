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

/** Rounds of one task: until the compiler has seen it often enough, or a second has gone by. The least counts. */
const MOST_ROUNDS = 15, MOST_NS = 1e9;

function least(operations: number, act: () => number, before: () => void): number {
  let best = Number.POSITIVE_INFINITY, spent = 0;
  for (let round = 0; round < MOST_ROUNDS && (round < 2 || spent < MOST_NS); round++) {
    before();
    const ns = time(operations, act);
    best = Math.min(best, ns);
    spent += ns * operations;
  }
  return best;
}

/** Memory of buffers that are gone is given back a little later. */
async function bytesNow(): Promise<number> {
  for (const _ of [1, 2, 3]) {
    collect();
    await new Promise((done) => setTimeout(done, 20));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function measureBytes(count: number, shape: Shape, keys: Int32Array): Promise<void> {
  const before = await bytesNow(), subject = SUBJECTS[name]!();
  subject.make(keys);
  // What a pool has reserved and not touched is address space, so a structure may say what it uses.
  const bytes = (subject.bytes?.() ?? (await bytesNow()) - before) / count;
  measures.push({ subject: name, shape, count, task: "bytes an entry", ns: bytes, sum: 0 });
}

async function measureMap(): Promise<void> {
  for (const count of [1000, 100_000, 1_000_000].filter((size) => size <= Number(largest))) {
    for (const shape of SHAPES) {
      if (DENSE_ONLY.has(name) && shape !== "dense") continue;
      const keys = keysOf(shape, count), order = shuffled(keys), nothing = (): void => undefined;
      if (count > 1000) await measureBytes(count, shape, keys);
      const subject = SUBJECTS[name]!();
      subject.make(keys);
      // Last, as it leaves nothing.
      const tasks = Object.entries(subject.tasks).sort(([a], [b]) => Number(a.startsWith("erase")) - Number(b.startsWith("erase")));
      for (const [task, run] of tasks) {
        const isErasing = task.startsWith("erase"), again = count <= 1000 && !isErasing ? 50 : 1;
        const act = (): number => {
          let sum = 0;
          for (let repeat = 0; repeat < again; repeat++) sum = run(keys, order);
          return sum;
        };
        const ns = least(count * again, act, isErasing ? () => subject.make(keys) : nothing);
        measures.push({ subject: name, shape, count, task, ns, sum: last });
      }
    }
  }
}

async function measureMarkSets(): Promise<void> {
  for (const [subject, make] of Object.entries(await markSubjects())) {
    for (const density of [0.01, 0.25, 0.9]) {
      const { sum, ...tasks } = measureMarks(make, 100_000, density, least);
      for (const [task, ns] of Object.entries(tasks)) measures.push({ subject, shape: "marks", count: 100_000, task: `${task} at ${density}`, ns, sum: sum! });
    }
  }
}

if (name === "marks") await measureMarkSets();
else await measureMap();
console.log(JSON.stringify(measures));
