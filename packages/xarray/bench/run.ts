/**
 * How does the XArray compare with what people use in its place? `npm run bench -w @zeropfn/xarray [-- LARGEST [ROUNDS]]`
 *
 * Each structure runs in a process of its own, the rounds in turn, and the least time counts. Sums of what each saw must
 * agree. Goals that are missed say so.
 */
import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import type { Measure } from "./child.ts";
import { SHAPES } from "./keys.ts";
import { SUBJECTS } from "./subjects.ts";

const [largest = "1000000", rounds = "2"] = process.argv.slice(2);
const best = new Map<string, number>(), sums = new Map<string, number>(), failures: string[] = [];
const keyOf = (subject: string, shape: string, count: number, task: string): string => `${subject}|${shape}|${count}|${task}`;

function measure(subject: string): void {
  const output = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", join(import.meta.dirname, "child.ts"), subject, largest], { encoding: "utf8", maxBuffer: 2 ** 26 });
  for (const { subject: name, shape, count, task, ns, sum } of JSON.parse(output) as Measure[]) {
    const key = keyOf(name, shape, count, task);
    best.set(key, Math.min(best.get(key) ?? Number.POSITIVE_INFINITY, ns));
    const shared = keyOf("", shape, count, task), known = sums.get(shared);
    if (known !== undefined && known !== sum) failures.push(`${key}: saw ${sum}, others ${known}`);
    sums.set(shared, sum);
  }
}

const shown = (ns: number | undefined): string => (ns === undefined ? "-" : ns < 10 ? ns.toFixed(1) : ns.toFixed(0)).padStart(9);

function printTables(names: readonly string[]): void {
  const tasks = ["insert in order", "insert random", "load sequential", "load random", "scan", "next after", "erase random", "bytes an entry"];
  for (const count of [1000, 100_000, 1_000_000].filter((size) => size <= Number(largest))) {
    for (const shape of SHAPES) {
      console.log(`\n${count} keys, ${shape}: ns an operation${" ".repeat(6)}`);
      console.log(`${"".padEnd(16)}${names.map((name) => name.padStart(15)).join("")}`);
      for (const task of tasks) console.log(`${task.padEnd(16)}${names.map((name) => shown(best.get(keyOf(name, shape, count, task))).padStart(15)).join("")}`);
    }
  }
}

function printMarks(): void {
  const names = [...new Set([...best.keys()].filter((key) => key.split("|")[1] === "marks").map((key) => key.split("|")[0]!))];
  console.log("\nmarks, 100000 dense keys: ns an operation");
  console.log(`${"".padEnd(16)}${names.map((name) => name.padStart(18)).join("")}`);
  for (const task of ["has", "set", "next"].flatMap((what) => [0.01, 0.25, 0.9].map((density) => `${what} at ${density}`))) {
    console.log(`${task.padEnd(16)}${names.map((name) => shown(best.get(keyOf(name, "marks", 100_000, task))).padStart(18)).join("")}`);
  }
}

/** "at least `ratio` times as fast (or small) as `rival`". */
function goal(text: string, ours: number | undefined, theirs: number | undefined, ratio: number): void {
  if (ours === undefined || theirs === undefined) return;
  const reached = theirs / ours;
  console.log(`${reached >= ratio ? "met   " : "MISSED"}  ${text.padEnd(66)} goal ${String(ratio).padStart(4)}x, is ${reached.toFixed(2)}x`);
}

function printGoals(): void {
  const ours = (shape: string, count: number, task: string): number | undefined => best.get(keyOf("XArray", shape, count, task));
  const theirs = (subject: string, shape: string, count: number, task: string): number | undefined => best.get(keyOf(subject, shape, count, task));
  console.log("\ngoals");
  for (const count of [100_000, 1_000_000].filter((size) => size <= Number(largest))) {
    for (const [shape, ratio] of [["dense", 9], ["clustered", 7]] as const) goal(`load sequential by cursor against Map, ${shape}, ${count}`, best.get(keyOf("XArray cursor", shape, count, "load sequential")), theirs("Map", shape, count, "load sequential"), ratio);
    for (const [shape, ratio] of [["dense", 2], ["clustered", 1.7]] as const) goal(`load random against Map, ${shape}, ${count}`, ours(shape, count, "load random"), theirs("Map", shape, count, "load random"), ratio);
    goal(`insert in order against Map, dense, ${count}`, ours("dense", count, "insert in order"), theirs("Map", "dense", count, "insert in order"), 15);
    for (const [shape, ratio] of [["dense", 5], ["clustered", 2.7]] as const) goal(`bytes an entry against Map, ${shape}, ${count}`, ours(shape, count, "bytes an entry"), theirs("Map", shape, count, "bytes an entry"), ratio);
    for (const [shape, ratio] of [["dense", 7], ["clustered", 2]] as const) goal(`next after a random key against sorted-btree, ${shape}, ${count}`, ours(shape, count, "next after"), theirs("sorted-btree", shape, count, "next after"), ratio);
    for (const shape of ["dense", "clustered"]) goal(`erase random against sorted-btree, ${shape}, ${count}`, ours(shape, count, "erase random"), theirs("sorted-btree", shape, count, "erase random"), 7);
    for (const [shape, ratio] of [["dense", 4], ["clustered", 2.4]] as const) goal(`bytes an entry against sorted-btree, ${shape}, ${count}`, ours(shape, count, "bytes an entry"), theirs("sorted-btree", shape, count, "bytes an entry"), ratio);
    for (const shape of ["dense", "clustered"]) goal(`scan into a buffer against sorted-btree, ${shape}, ${count}`, ours(shape, count, "scan"), theirs("sorted-btree", shape, count, "scan"), 2);
    goal(`load sequential by cursor within 2 times Int32Array, dense, ${count}`, best.get(keyOf("XArray cursor", "dense", count, "load sequential")), theirs("Int32Array", "dense", count, "load sequential"), 0.5);
    goal(`load random sparse keys against Map (Map's case), ${count}`, ours("random", count, "load random"), theirs("Map", "random", count, "load random"), 1);
  }
  for (const rival of ["roaring (native)", "roaring-wasm"]) {
    for (const density of [0.01, 0.25, 0.9]) {
      for (const [task, ratio] of [["has", 2], ["set", 1.5], ["next", 2]] as const) goal(`${task} a mark at ${density} against ${rival}`, ours("marks", 100_000, `${task} at ${density}`), theirs(rival, "marks", 100_000, `${task} at ${density}`), ratio);
    }
  }
}

console.log(`@zeropfn/xarray against others. Node ${process.version}, ${cpus().length} cores (${cpus()[0]!.model}), load ${loadavg().map((load) => load.toFixed(1)).join(" ")}`);
console.log(`Time of the process (user and system), the least of up to 15 rounds in each of ${rounds} processes a structure. Keys fixed. Bytes of the XArray: nodes in use.`);
for (let round = 0; round < Number(rounds); round++) for (const name of [...Object.keys(SUBJECTS), "marks"]) measure(name);
printTables(Object.keys(SUBJECTS));
printMarks();
printGoals();
for (const failure of failures) console.log(`WRONG  ${failure}`);
console.log(`\nload at the end ${loadavg().map((load) => load.toFixed(1)).join(" ")}`);
process.exitCode = failures.length > 0 ? 1 : 0;
