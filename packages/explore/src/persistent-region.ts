import { type ColumnAllocator, leaves } from "@zeropfn/state";
import type { PersistentMemory } from "./crash.ts";
import { ExploreError } from "./errors.ts";

export interface PersistentRegionOptions {
  /** The words of each cache line, by name. A word is 8 bytes: it persists whole. */
  readonly lines: Readonly<Record<string, readonly string[]>>;
  /** Processors, which `clwb` and `sfence` are of: integer ≥ 1. */
  readonly cpus: number;
  /** What words hold at first; 0 where it says nothing. */
  readonly initial?: Readonly<Record<string, number>>;
  /** Stores of one line that may wait at a time. Default 8; with more, the search gives up. */
  readonly queueCapacity?: number;
  /** Images of one state up to which all are tried. Default 4,096. */
  readonly maximumImages?: number;
}

/**
 * Persistent memory behind a cache. The stores to a line form one queue in memory order; a crash leaves each line at any
 * prefix of its queue, lines independent of each other, since a line may be evicted at any time. `writeBack` notes for
 * its processor how much of a line is under way, `fence` waits for all that its processor noted.
 * @kernel clwb(), pmem_wmb() — arch/x86/include/asm/special_insns.h, asm/barrier.h, v6.12
 * @differs A non-temporal store keeps its place in its line's queue; write-combining buffers may be weaker.
 */
export class PersistentRegion implements PersistentMemory {
  static {
    if (__EXPLORE__) {
      leaves(PersistentRegion, "explore/persistent", {
        load: {}, store: {}, storeNonTemporal: {}, writeBack: {}, fence: { fence: true }, exchange: { fence: true }, compareExchange: { fence: true }, fetchAdd: { fence: true },
      });
    }
  }
  readonly #names: readonly string[];
  readonly #lineNames: readonly string[];
  readonly #lineOf: readonly number[];
  readonly #capacity: number;
  readonly #maximumImages: number;
  readonly #cached: Float64Array; // what loads see
  readonly #media: Float64Array; // what no crash can undo
  readonly #queueWord: Uint8Array; // of each line, `capacity` of them
  readonly #queueValue: Float64Array;
  readonly #length: Uint8Array; // of each line's queue
  readonly #noted: Uint8Array; // for each processor and line: how much of the queue its next fence waits for

  constructor(columns: ColumnAllocator, { lines, cpus, initial = {}, queueCapacity = 8, maximumImages = 4096 }: PersistentRegionOptions) {
    this.#lineNames = Object.keys(lines);
    this.#names = Object.values(lines).flat();
    this.#lineOf = Object.values(lines).flatMap((words, line) => words.map(() => line));
    this.#capacity = queueCapacity;
    this.#maximumImages = maximumImages;
    const lineCount = this.#lineNames.length;
    this.#cached = columns.f64("persistent.cached", this.#names.length);
    this.#media = columns.f64("persistent.media", this.#names.length);
    this.#queueWord = columns.u8("persistent.queueWord", lineCount * queueCapacity);
    this.#queueValue = columns.f64("persistent.queueValue", lineCount * queueCapacity);
    this.#length = columns.u8("persistent.queueLength", lineCount);
    this.#noted = columns.u8("persistent.noted", lineCount * cpus);
    for (const [word, name] of this.#names.entries()) this.#cached[word] = this.#media[word] = initial[name] ?? 0;
  }

  /** The number of a word, for all that follows. @throws {ExploreError} EXPLORE_UNKNOWN_NAME */
  wordNamed(name: string): number {
    return indexIn(this.#names, name, "word");
  }
  /** The number of a line. @throws {ExploreError} EXPLORE_UNKNOWN_NAME */
  lineNamed(name: string): number {
    return indexIn(this.#lineNames, name, "line");
  }

  // Instructions

  load(word: number): number {
    return this.#cached[word]!;
  }
  store(word: number, value: number): void {
    const line = this.#lineOf[word]!, at = line * this.#capacity + this.#length[line]!;
    if (this.#length[line] === this.#capacity) throw new ExploreError("EXPLORE_LIMIT", `more than ${this.#capacity} stores wait in line ${this.#lineNames[line]} (queueCapacity)`);
    this.#cached[word] = value;
    this.#queueWord[at] = word;
    this.#queueValue[at] = value;
    this.#length[line]!++;
  }
  /** @kernel movnti */
  storeNonTemporal(cpu: number, word: number, value: number): void {
    this.store(word, value);
    this.writeBack(cpu, this.#lineOf[word]!);
  }
  /** @kernel clwb() */
  writeBack(cpu: number, line: number): void {
    this.#noted[cpu * this.#lineNames.length + line] = this.#length[line]!;
  }
  /** @kernel sfence */
  fence(cpu: number): void {
    for (let line = 0; line < this.#lineNames.length; line++) this.#force(line, this.#noted[cpu * this.#lineNames.length + line]!);
  }
  /** The old value. @kernel xchg() */
  exchange(cpu: number, word: number, value: number): number {
    const old = this.#cached[word]!;
    this.fence(cpu);
    this.store(word, value);
    return old;
  }
  /** The old value; stores only if it is `expected`. @kernel cmpxchg() */
  compareExchange(cpu: number, word: number, expected: number, value: number): number {
    const old = this.#cached[word]!;
    this.fence(cpu);
    if (old === expected) this.store(word, value);
    return old;
  }
  /** The old value. @kernel xadd() */
  fetchAdd(cpu: number, word: number, amount: number): number {
    const old = this.#cached[word]!;
    this.fence(cpu);
    this.store(word, old + amount);
    return old;
  }

  /** The first `count` stores of a line's queue reach the media, and are waited for no more. */
  #force(line: number, count: number): void {
    const first = line * this.#capacity, length = this.#length[line]!;
    for (let nth = 0; nth < count; nth++) this.#media[this.#queueWord[first + nth]!] = this.#queueValue[first + nth]!;
    for (let nth = 0; nth < length; nth++) {
      this.#queueWord[first + nth] = nth + count < length ? this.#queueWord[first + nth + count]! : 0;
      this.#queueValue[first + nth] = nth + count < length ? this.#queueValue[first + nth + count]! : 0;
    }
    this.#length[line] = length - count;
    for (let at = line; at < this.#noted.length; at += this.#lineNames.length) this.#noted[at] = Math.max(0, this.#noted[at]! - count);
  }

  // A crash

  isBounded = false;

  countImages(): number {
    const all = this.#length.reduce((product, length) => product * (length + 1), 1);
    this.isBounded = all > this.#maximumImages;
    return this.isBounded ? boundedPrefixes(this.#length).length : all;
  }
  becomeImage(nth: number): void {
    const prefixes = this.isBounded ? boundedPrefixes(this.#length)[nth]! : mixedRadix(nth, this.#length);
    for (const [line, prefix] of prefixes.entries()) this.#force(line, prefix);
    this.#length.fill(0);
    this.#noted.fill(0);
    this.#queueWord.fill(0);
    this.#queueValue.fill(0);
    this.#cached.set(this.#media);
  }
  imageText(): string {
    return this.#names.map((name, word) => `${name}=${this.#cached[word]!}`).join(" ");
  }
}

function indexIn(names: readonly string[], name: string, what: string): number {
  const at = names.indexOf(name);
  if (at < 0) throw new ExploreError("EXPLORE_UNKNOWN_NAME", `no ${what} is called ${name}, expected one of ${names.join(", ")}`);
  return at;
}

/** The `nth` way to take a prefix of each queue. */
function mixedRadix(nth: number, lengths: Uint8Array): number[] {
  const prefixes: number[] = [];
  let rest = nth;
  for (const length of lengths) {
    prefixes.push(rest % (length + 1));
    rest = Math.floor(rest / (length + 1));
  }
  return prefixes;
}

/** Where all ways are too many: at most two lines are behind the others, by any number; and none has anything. */
function boundedPrefixes(lengths: Uint8Array): number[][] {
  const full = [...lengths], found = [full, full.map(() => 0)];
  for (const [one, length] of full.entries()) {
    for (let prefix = 0; prefix < length; prefix++) {
      const behind = full.with(one, prefix);
      found.push(behind);
      for (let two = one + 1; two < full.length; two++) for (let other = 0; other < full[two]!; other++) found.push(behind.with(two, other));
    }
  }
  return found;
}
