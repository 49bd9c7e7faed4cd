import { gateHolder, type LeafOperation, type LeafResult } from "@zeropfn/state";
import { type Call, callText, type Control, type Failure } from "./control.ts";
import { failureOf, type Reentry, type ThreadCode } from "./reentry.ts";

/** What a performer needs of its world. */
export interface Stage {
  failure: Failure | null;
  /** How many alternatives each choice of the step had, so far. */
  readonly choiceCounts: number[];
  readonly words: Uint32Array;
  /** Puts columns back to what they were before the leaf. */
  discardWrites(): void;
}

/** How often a leaf is performed both ways before its result is taken without its thread's code. */
const COMPARED_TIMES = 16;

/**
 * Performs leaves. Most can be performed alone, which is quick: the thread's code is not run. A leaf may read what its
 * thread's code keeps outside columns (where a cursor stands, say), and another thread's code may have changed that
 * since; such a leaf is *bound*, and performed in the midst of its thread's code. So each leaf is performed both ways at
 * first, and must come to the same.
 */
export class Performer {
  /** A leaf turned out to be bound after it was performed alone: the search has to begin again. */
  learntTooLate = false;
  readonly #stage: Stage;
  readonly #reentry: Reentry;
  readonly #isParanoid: boolean;
  readonly #bound = new Set<LeafOperation>();
  readonly #performedAlone = new Set<LeafOperation>();

  constructor(stage: Stage, reentry: Reentry, isParanoid: boolean) {
    this.#stage = stage;
    this.#reentry = reentry;
    this.#isParanoid = isParanoid;
  }

  /** Performs the leaf at `control`. What goes wrong becomes the stage's failure. */
  perform(thread: ThreadCode, control: Control): LeafResult {
    const call = control.call!;
    if (this.#isParanoid) return this.#twice(thread, control);
    if (!control.hasPlainArguments || (this.#bound.size > 0 && this.#bound.has(call.operation))) return this.#inCode(thread, control);
    if (control.comparisons === COMPARED_TIMES) return this.alone(thread, call);
    if (++control.comparisons === COMPARED_TIMES) this.#performedAlone.add(call.operation);
    return this.#bothWays(thread, control);
  }

  /** Performs a leaf apart from its thread's code. */
  alone(thread: ThreadCode, { operation, owner, args }: Call): LeafResult {
    gateHolder.inLeaf = true;
    try {
      return operation.body.apply(owner, args as unknown[]);
    } catch (thrown) {
      this.#stage.failure ??= failureOf(thread.name, thrown);
      return undefined;
    } finally {
      gateHolder.inLeaf = false;
    }
  }

  #inCode(thread: ThreadCode, control: Control): LeafResult {
    const result = this.#reentry.perform(thread, control);
    if (typeof result !== "object" || result === null || !("kind" in result)) return result;
    this.#stage.failure ??= result;
    return undefined;
  }

  #bothWays(thread: ThreadCode, control: Control): LeafResult {
    const choiceCount = this.#stage.choiceCounts.length;
    const alone = this.alone(thread, control.call!);
    const wordsAlone = this.#stage.words.slice();
    this.#again(choiceCount);
    const result = this.#inCode(thread, control);
    if (result !== alone || !isEqual(wordsAlone, this.#stage.words)) this.#bind(control.call!.operation);
    return result;
  }
  #bind(operation: LeafOperation): void {
    this.#bound.add(operation);
    this.learntTooLate ||= this.#performedAlone.has(operation);
  }

  /** A leaf that remembers anything outside columns shows it when it is run a second time. */
  #twice(thread: ThreadCode, control: Control): LeafResult {
    const choiceCount = this.#stage.choiceCounts.length;
    const first = this.#inCode(thread, control);
    const wordsFirst = this.#stage.words.slice();
    if (this.#stage.failure !== null) return first;
    this.#again(choiceCount);
    const second = this.#inCode(thread, control);
    if (second !== first || !isEqual(wordsFirst, this.#stage.words)) {
      this.#stage.failure ??= { kind: "rule", message: `${callText(control.call!)}, run twice on the same columns, gave ${String(first)}, then ${String(second)}, or wrote something else` };
    }
    return second;
  }
  #again(choiceCount: number): void {
    this.#stage.discardWrites();
    this.#stage.failure = null;
    this.#stage.choiceCounts.length = choiceCount;
  }
}

export function isEqual(a: Uint32Array, b: Uint32Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
