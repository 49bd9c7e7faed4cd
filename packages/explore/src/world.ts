import { Fingerprint, gateHolder, type LeafOperation, type LeafResult, Slab, StateError } from "@zeropfn/state";
import { type Call, callText, Control, type Failure } from "./control.ts";
import { ExploreError } from "./errors.ts";
import { mixA, mixB } from "./hash.ts";
import { isEqual, Performer } from "./performer.ts";
import { Reentry, type ThreadCode } from "./reentry.ts";
import { EMPTY_BUFFER, type MemoryModel, type StoreBuffer } from "./store-buffer.ts";
import { UndoLog } from "./undo-log.ts";

export interface WorldOptions {
  /** Default "SC". */
  readonly memoryModel?: MemoryModel;
  /** False: `mark` is not heard, to see that marks hide nothing. Default true. */
  readonly hasMarks?: boolean;
  /** Guarded columns, each leaf run twice, no result remembered. Default false. */
  readonly isParanoid?: boolean;
  /** Names of coarse leaves that stay one step. Default none. */
  readonly whole?: readonly string[];
  /** Names of leaves that are taken apart into the leaves they call, beside the coarse ones. Default none. */
  readonly split?: readonly string[];
  /** Chooses one of the families of fingerprints. Default 0. */
  readonly seed?: number;
  /** The most bytes of state that a scenario may have. Default 64 KiB: more is not explored in any useful time. */
  readonly maximumSlabBytes?: number;
  /** Leaves without a mark after which a thread is given up. Default 400. */
  readonly maximumLog?: number;
  /** Stores that wait in the buffer of one thread before the search is given up. Default 16. */
  readonly maximumBuffer?: number;
}

/** A moment of a world, to come back to. */
export interface Position {
  readonly words: Uint32Array;
  readonly derived: Uint32Array;
  readonly controls: readonly Control[];
  readonly buffers: readonly StoreBuffer[];
  readonly a: number;
  readonly b: number;
}

/** What a scenario puts into a world. */
export interface Contents {
  readonly threads: readonly ThreadCode[];
}

/** A step that only begins a thread whose first leaf is silent: its own moment, since time may pass before it. */
const BEGIN: LeafOperation = engineOperation("begin", () => undefined);
const CHOOSE: LeafOperation = engineOperation("choose", function (this: World, count) {
  return this.takeChoice(count as number);
} as LeafOperation["body"]);
const PROGRESS: LeafOperation = engineOperation("progress", function (this: World) {
  this.madeProgress = true;
} as LeafOperation["body"]);

function engineOperation(name: string, body: LeafOperation["body"]): LeafOperation {
  return { name, package: "explore", body, when: undefined, silent: name !== "begin", plain: false, fence: false, coarse: false };
}
const isOfEngine = (operation: LeafOperation): boolean => operation === BEGIN || operation === CHOOSE || operation === PROGRESS;

/**
 * A machine and its threads at one moment, which can step forward and back. An actor is a thread, or, under TSO, the
 * store buffer of one: actor `threads + t` drains the oldest store of thread `t`.
 */
export class World {
  readonly slab: Slab;
  readonly threads: readonly ThreadCode[];
  readonly memoryModel: MemoryModel;
  readonly actorCount: number;
  readonly reentry: Reentry;
  /** What each thread does next. */
  readonly controls: Control[] = [];
  readonly buffers: StoreBuffer[] = [];
  /** Of the state now. */
  readonly fingerprint: Fingerprint;
  /** Why the last step failed. Null if it did not. */
  failure: Failure | null = null;
  /** The last step was one that `progress` was called in. */
  madeProgress = false;
  /** How many alternatives each choice of the last step had. */
  readonly choiceCounts: number[] = [];
  /** A limit that the search ran into, if it did. */
  limit: string | undefined;
  /** Plain stores took part: the memory model makes a difference. */
  usedBuffers = false;
  /** Told what is performed, while a schedule is printed. */
  onPerformed: ((call: Call, result: LeafResult) => void) | undefined;

  readonly #isParanoid: boolean;
  readonly #maximumBuffer: number;
  /** The hashed words of the slab. */
  readonly words: Uint32Array;
  readonly #derived: Uint32Array;
  /** The state as it was after the last step: columns are compared with it. */
  readonly #shadow: Uint32Array;
  readonly #shadowDerived: Uint32Array;
  readonly #undo = new UndoLog();
  readonly #undoControls: Control[] = [];
  readonly #undoBuffers: StoreBuffer[] = [];
  #choices: readonly number[] = [];
  readonly #performer: Performer;

  constructor(build: (world: World) => Contents, options: WorldOptions = {}) {
    const { memoryModel = "SC", hasMarks = true, isParanoid = false, whole = [], split = [], seed = 0, maximumLog = 400, maximumBuffer = 16 } = options;
    this.#isParanoid = isParanoid;
    this.#maximumBuffer = maximumBuffer;
    this.memoryModel = memoryModel;
    this.fingerprint = new Fingerprint(seed);
    this.slab = new Slab({ capacityBytes: options.maximumSlabBytes ?? 1 << 16, ...(isParanoid ? { guard: this.#guard } : {}) });
    this.reentry = new Reentry({ isSplit: ({ coarse, name }) => (coarse && !whole.includes(name)) || split.includes(name), hasMarks, maximumLog, strayWrites: this.#strayWrites });
    this.#performer = new Performer(this, this.reentry, isParanoid);
    this.threads = this.#built(build);
    this.actorCount = memoryModel === "TSO" ? 2 * this.threads.length : this.threads.length;
    this.words = this.slab.words;
    this.#derived = this.slab.derivedWords;
    this.#shadow = this.words.slice();
    this.#shadowDerived = this.#derived.slice();
    this.fingerprint.add(this.words);
    for (const [index, thread] of this.threads.entries()) this.#begin(thread, index, seed);
  }

  #built(build: (world: World) => Contents): readonly ThreadCode[] {
    try {
      return build(this).threads;
    } catch (thrown) {
      if (thrown instanceof StateError && thrown.code === "STATE_SLAB_FULL") {
        throw new ExploreError("EXPLORE_SLAB_TOO_LARGE", `${thrown.message}; a scenario may have so much (maximumSlabBytes): give its machine the smallest sizes`);
      }
      throw thrown;
    }
  }
  #begin(thread: ThreadCode, index: number, seed: number): void {
    const lanes = { hashA: mixA(index + 11, seed), hashB: mixB(index + 13, seed) };
    let control = this.reentry.first(thread, lanes);
    if (control.kind === "silent") {
      const begin = new Control({ kind: "step", call: { operation: BEGIN, owner: this, args: [] } }, lanes, 0);
      begin.setAfter(undefined, control);
      control = begin;
    }
    if (control.failure !== undefined) this.failure ??= control.failure;
    this.controls.push(control);
    this.buffers.push(EMPTY_BUFFER);
    this.#toggle(index, control, EMPTY_BUFFER);
  }

  /** The search has to begin again, knowing more about a leaf. Asked once, it is forgotten. */
  takeLearntTooLate(): boolean {
    const { learntTooLate } = this.#performer;
    this.#performer.learntTooLate = false;
    return learntTooLate;
  }
  get learntTooLate(): boolean {
    return this.#performer.learntTooLate;
  }

  // Questions.

  /** True if `actor` can take a step now. */
  isEnabled(actor: number): boolean {
    if (actor >= this.threads.length) return this.buffers[actor - this.threads.length]!.stores.length > 0;
    const control = this.controls[actor]!;
    if (control.kind !== "step") return false;
    const buffer = this.buffers[actor]!;
    if (buffer.stores.length > 0) return this.#isEnabledBehind(buffer, control.call!);
    return isReady(control.call!);
  }
  isFinished(thread: number): boolean {
    return this.controls[thread]!.kind === "finished" && this.buffers[thread]!.stores.length === 0;
  }
  /** All threads have ended that are not daemons, and all their stores are in memory. */
  get isAtEnd(): boolean {
    for (let thread = 0; thread < this.threads.length; thread++) if (!this.threads[thread]!.isDaemon && !this.isFinished(thread)) return false;
    return true;
  }
  /** "A waits for pte.lock(3)" for each thread that has not ended. */
  waiting(): string {
    return this.threads.flatMap(({ name, isDaemon }, at) => (isDaemon || this.isFinished(at) ? [] : [`${name} waits at ${callText(this.controls[at]!.call!)}`])).join(", ");
  }

  // Steps.

  /**
   * Lets `actor`, which is enabled, take a step.
   * @param choices What `choose` answers in this step, in order; 0 where it says nothing.
   */
  step(actor: number, choices: readonly number[] = NO_CHOICES): void {
    const thread = actor % this.threads.length;
    this.#forgetHints();
    this.failure = null;
    this.madeProgress = false;
    if (this.choiceCounts.length > 0) this.choiceCounts.length = 0;
    this.#choices = choices;
    this.#open(thread);
    let changes = 0;
    if (actor >= this.threads.length) changes = this.#drain(thread);
    else {
      let control = this.controls[thread]!;
      do {
        const result = this.#perform(thread, control);
        changes += this.#absorb();
        if (this.failure !== null) break;
        control = this.#after(thread, control, result);
      } while (control.kind === "silent");
      if (control.failure !== undefined) this.failure ??= control.failure;
      if (this.failure === null) this.#become(thread, control, this.buffers[thread]!);
    }
    this.#undo.push(changes);
    this.#undo.push(thread);
    if (this.reentry.endless !== undefined) this.limit ??= this.reentry.endless;
  }

  /** Takes the last step back. */
  back(): void {
    this.#forgetHints();
    const thread = this.#undo.pop();
    const words = this.words, derived = this.#derived;
    for (let changes = this.#undo.pop(); changes > 0; changes--) {
      const was = this.#undo.pop(), place = this.#undo.pop();
      if (place < words.length) this.#shadow[place] = words[place] = was;
      else this.#shadowDerived[place - words.length] = derived[place - words.length] = was;
    }
    this.fingerprint.laneB = this.#undo.pop();
    this.fingerprint.laneA = this.#undo.pop();
    this.controls[thread] = this.#undoControls.pop()!;
    this.buffers[thread] = this.#undoBuffers.pop()!;
    this.failure = null;
  }

  save(): Position {
    return { words: this.words.slice(), derived: this.#derived.slice(), controls: this.controls.slice(), buffers: this.buffers.slice(), a: this.fingerprint.laneA, b: this.fingerprint.laneB };
  }
  /** Comes back to `position`, which becomes the beginning of what can be taken back. */
  restore(position: Position): void {
    this.words.set(position.words);
    this.#derived.set(position.derived);
    this.#shadow.set(position.words);
    this.#shadowDerived.set(position.derived);
    for (let thread = 0; thread < this.threads.length; thread++) {
      this.controls[thread] = position.controls[thread]!;
      this.buffers[thread] = position.buffers[thread]!;
    }
    this.fingerprint.laneA = position.a;
    this.fingerprint.laneB = position.b;
    this.failure = null;
    this.#undo.clear();
    this.#undoControls.length = this.#undoBuffers.length = 0;
  }
  /** Forgets what was written since the last step: by a recovery that ran on a crash image. */
  discardWrites(): void {
    this.words.set(this.#shadow);
    this.#derived.set(this.#shadowDerived);
  }

  /** What claims wrote to derived columns by looking at the state now: a hint where something lies is wrong in another one. */
  #forgetHints(): void {
    if (this.#derived.length > 0) this.#derived.set(this.#shadowDerived);
  }

  // What the code of threads and leaves calls.

  check(condition: boolean, message: string): void {
    if (gateHolder.gate === this.reentry) this.reentry.check(condition, message);
    else if (!condition) this.failure ??= { kind: "check", message };
  }
  /** One of 0 … `count`-1: the search takes each. */
  choose(count: number): number {
    if (gateHolder.inLeaf) return this.takeChoice(count);
    if (gateHolder.gate === null) throw new ExploreError("EXPLORE_BAD_SCENARIO", "choose() outside a thread");
    return gateHolder.gate.pass(CHOOSE, this, [count]) as number;
  }
  /** The step in which this is called brings its thread on: a loop without such a step is a livelock. */
  progress(): void {
    if (gateHolder.gate !== null && !gateHolder.inLeaf) gateHolder.gate.pass(PROGRESS, this, []);
  }
  takeChoice(count: number): number {
    const nth = this.choiceCounts.push(count) - 1;
    return this.#choices[nth] ?? 0;
  }

  // How a step is taken.

  #open(thread: number): void {
    this.#undoControls.push(this.controls[thread]!);
    this.#undoBuffers.push(this.buffers[thread]!);
    this.#undo.push(this.fingerprint.laneA);
    this.#undo.push(this.fingerprint.laneB);
  }

  /** Takes over what columns became: into the fingerprint, the shadow and the log of changes. Gives how many words changed. */
  #absorb(): number {
    const words = this.words, shadow = this.#shadow, end = words.length & ~3;
    let changes = 0;
    // Four words at a time: most steps change few, and this loop is what a step costs.
    for (let at = 0; at < end; at += 4) {
      if (((words[at]! ^ shadow[at]!) | (words[at + 1]! ^ shadow[at + 1]!) | (words[at + 2]! ^ shadow[at + 2]!) | (words[at + 3]! ^ shadow[at + 3]!)) === 0) continue;
      for (let place = at; place < at + 4; place++) changes += this.#absorbWord(place);
    }
    for (let place = end; place < words.length; place++) changes += this.#absorbWord(place);
    return changes + (this.#derived.length === 0 ? 0 : this.#absorbDerived());
  }
  #absorbWord(place: number): 0 | 1 {
    const now = this.words[place]!, was = this.#shadow[place]!;
    if (now === was) return 0;
    this.fingerprint.change(place, was, now);
    this.#noteChange(place, was);
    this.#shadow[place] = now;
    return 1;
  }
  #absorbDerived(): number {
    const derived = this.#derived, shadow = this.#shadowDerived;
    let changes = 0;
    for (let place = 0; place < derived.length; place++) {
      if (derived[place] === shadow[place]) continue;
      this.#noteChange(this.words.length + place, shadow[place]!);
      shadow[place] = derived[place]!;
      changes++;
    }
    return changes;
  }
  #noteChange(place: number, was: number): void {
    this.#undo.push(place);
    this.#undo.push(was);
  }

  #become(thread: number, control: Control, buffer: StoreBuffer): void {
    this.#toggle(thread, this.controls[thread]!, this.buffers[thread]!);
    this.controls[thread] = control;
    this.buffers[thread] = buffer;
    this.#toggle(thread, control, buffer);
  }
  #toggle(thread: number, control: Control, buffer: StoreBuffer): void {
    // Controls are mixed already, and differ from thread to thread.
    this.fingerprint.laneA ^= control.hashA;
    this.fingerprint.laneB ^= control.hashB;
    if (this.memoryModel === "SC") return;
    const place = this.words.length + 2 * thread;
    this.fingerprint.toggle(place, buffer.hashA);
    this.fingerprint.toggle(place + 1, buffer.hashB);
  }

  #after(thread: number, control: Control, result: LeafResult): Control {
    const known = control.after(result);
    if (known !== undefined && !this.#isParanoid) return known;
    const found = this.reentry.after(this.threads[thread]!, control, result);
    if (known !== undefined && found.kind !== "failed") return known;
    control.setAfter(result, found);
    return found;
  }

  #perform(thread: number, control: Control): LeafResult {
    const call = control.call!;
    const buffer = this.buffers[thread]!;
    let result: LeafResult;
    if (this.memoryModel === "TSO" && call.operation.plain) result = this.#buffer(thread, control, call);
    else if (buffer.stores.length > 0 && !call.operation.silent) result = this.#performBehind(thread, control, buffer);
    else if (isOfEngine(call.operation)) result = call.operation.body.apply(call.owner, call.args as unknown[]);
    else result = this.#performer.perform(this.threads[thread]!, control);
    if (typeof result === "object") this.failure ??= { kind: "rule", message: `${callText(call)} returned an object` };
    this.onPerformed?.(call, result);
    return result;
  }

  // Store buffers.

  #buffer(thread: number, control: Control, call: Call): LeafResult {
    this.usedBuffers = true;
    const buffer = this.buffers[thread]!.with(call);
    if (buffer.stores.length > this.#maximumBuffer) this.limit ??= `more than ${this.#maximumBuffer} stores of ${this.threads[thread]!.name} wait in its buffer`;
    this.#become(thread, control, buffer);
    return undefined;
  }
  #drain(thread: number): number {
    const buffer = this.buffers[thread]!, oldest = buffer.stores[0]!;
    const result = this.#performer.alone(this.threads[thread]!, oldest);
    if (result !== undefined) this.failure ??= { kind: "rule", message: `${callText(oldest)} is declared plain and returned something` };
    this.onPerformed?.(oldest, result);
    const changes = this.#absorb();
    this.#become(thread, this.controls[thread]!, buffer.withoutOldest());
    return changes;
  }
  /** The leaf of a thread whose own stores are not in memory yet: it sees them, and what it writes is refused. */
  #performBehind(thread: number, control: Control, buffer: StoreBuffer): LeafResult {
    this.#apply(buffer);
    const result = this.#performer.alone(this.threads[thread]!, control.call!);
    this.discardWrites();
    return result;
  }
  #isEnabledBehind(buffer: StoreBuffer, call: Call): boolean {
    if (call.operation.fence) return false;
    if (call.operation.plain) return isReady(call);
    this.#apply(buffer);
    const before = this.words.slice();
    const counts = this.choiceCounts.length;
    const isOpen = isReady(call) && this.#isTried(call) && isEqual(before, this.words);
    this.choiceCounts.length = counts;
    this.discardWrites();
    return isOpen;
  }
  /** Tries a leaf, to see whether it writes. */
  #isTried(call: Call): boolean {
    const failure = this.failure;
    this.#performer.alone(this.threads[0]!, call);
    this.failure = failure;
    return true;
  }
  #apply(buffer: StoreBuffer): void {
    for (const { operation, owner, args } of buffer.stores) operation.body.apply(owner, args as unknown[]);
  }

  // Rules.

  readonly #guard = (name: string, key: string | symbol): void => {
    if (gateHolder.gate === null || gateHolder.inLeaf || typeof key !== "string" || !TOUCHES_ITEMS.test(key)) return;
    this.reentry.breakRule(`touched ${name}[${key}] outside a leaf`);
  };
  readonly #strayWrites = (): string | undefined => {
    if (isEqual(this.words, this.#shadow) && isEqual(this.#derived, this.#shadowDerived)) return undefined;
    const changes = this.slab.changesSince({ words: this.#shadow, derived: this.#shadowDerived }).join(", ") || "derived columns";
    this.discardWrites();
    return changes;
  };
}

const NO_CHOICES: readonly number[] = [];
const TOUCHES_ITEMS = /^(?:\d+|fill|copyWithin|set|subarray|slice)$/;

const isReady = ({ operation, owner, args }: Call): boolean => operation.when === undefined || operation.when(owner, ...args);
