import { gateHolder, type LeafOperation } from "@zeropfn/state";
import type { CrashRecovery, PersistentMemory } from "./crash.ts";
import type { Failure } from "./control.ts";
import { ExploreError } from "./errors.ts";
import { Ghost } from "./ghost.ts";
import { failureOf, type ThreadCode } from "./reentry.ts";
import type { Scenario, ScenarioBuilder, Variation } from "./scenario.ts";
import { World, type WorldOptions } from "./world.ts";

interface Claim {
  readonly text: string;
  readonly holds: () => boolean;
}
interface Mutant {
  readonly name: string;
  readonly variation: Variation;
}

/** A scenario, or one of its mutants, with its columns and threads: what a search works on. */
export class Instance {
  readonly scenario: Scenario;
  readonly world: World;
  readonly mutants: Mutant[] = [];
  readonly goals: Claim[] = [];
  readonly #invariants: Claim[] = [];
  readonly #endClaims: Claim[] = [];
  readonly #crashes: { readonly memory: PersistentMemory; readonly recovery: CrashRecovery }[] = [];
  /** Crash images that recovery ran on. */
  images = 0;
  /** In some state, not all images were tried. */
  hasBoundedImages = false;

  constructor(scenario: Scenario, variation: Variation, options: WorldOptions) {
    if (!__EXPLORE__) throw new ExploreError("EXPLORE_ORDINARY_BUILD", "leaves of this build cannot be suspended: run Node with --conditions=explore, or import @zeropfn/explore/explore");
    const { memoryModel = "SC", whole = [], split = [], maximumSlabBytes } = scenario.options;
    this.scenario = scenario;
    gateHolder.coarseInside.clear();
    this.world = new World((world) => ({ threads: this.#setUp(world, variation) }), { memoryModel, whole, split, ...(maximumSlabBytes === undefined ? {} : { maximumSlabBytes }), ...options });
  }

  #setUp(world: World, variation: Variation): readonly ThreadCode[] {
    const threads: ThreadCode[] = [];
    const addThread = (name: string, body: () => void, isDaemon: boolean): void => {
      if (threads.some((thread) => thread.name === name)) throw new ExploreError("EXPLORE_BAD_SCENARIO", `${this.scenario.name}: two threads are called ${name}`);
      threads.push({ name, body, isDaemon });
    };
    const builder: ScenarioBuilder = {
      columns: world.slab,
      variation,
      thread: (name, body) => addThread(name, body, false),
      daemon: (name, body) => addThread(name, body, true),
      ghost: (name, initial) => new Ghost(world.slab, name, initial),
      check: (condition, message) => world.check(condition, message),
      progress: () => world.progress(),
      choose: (count) => world.choose(count),
      invariant: (text, holds) => this.#invariants.push({ text, holds }),
      atEnd: (text, holds) => this.#endClaims.push({ text, holds }),
      sometimes: (text, holds) => this.goals.push({ text, holds }),
      mutant: (name, change) => this.mutants.push({ name, variation: change }),
      crash: (memory, recovery) => this.#crashes.push({ memory, recovery }),
    };
    this.scenario.setUp(builder);
    if (threads.length === 0) throw new ExploreError("EXPLORE_BAD_SCENARIO", `${this.scenario.name} has no threads`);
    if (threads.length > 15) throw new ExploreError("EXPLORE_BAD_SCENARIO", `${this.scenario.name} has ${threads.length} threads, at most 15 can be explored`);
    return threads;
  }

  /** What is wrong with the state now. Undefined if nothing is. */
  complaint(): Failure | undefined {
    const { world } = this;
    for (const { text, holds } of this.#invariants) if (!holds()) return { kind: "check", message: text };
    if (this.#endClaims.length > 0 && world.isAtEnd) for (const { text, holds } of this.#endClaims) if (!holds()) return { kind: "check", message: text };
    for (const { memory, recovery } of this.#crashes) {
      const failure = this.#crashComplaint(memory, recovery);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  #crashComplaint(memory: PersistentMemory, recovery: CrashRecovery): Failure | undefined {
    const { world } = this;
    const count = memory.countImages();
    this.hasBoundedImages ||= memory.isBounded;
    for (let nth = 0; nth < count; nth++) {
      this.images++;
      memory.becomeImage(nth);
      const image = memory.imageText();
      const failure = recoveryFailure(world, recovery);
      world.discardWrites();
      if (failure !== null) return { ...failure, message: `${failure.message}, after a crash that left ${image}` };
    }
    return undefined;
  }
}

function recoveryFailure(world: World, recovery: CrashRecovery): Failure | null {
  try {
    recovery();
  } catch (thrown) {
    world.failure ??= failureOf("recovery", thrown);
  }
  const { failure } = world;
  world.failure = null;
  return failure;
}

/**
 * Runs `action` while leaves named in `override` have other bodies.
 * @param hasSeams Names that are no leaf's are methods of seams: they are handed to `action`.
 * @throws {ExploreError} EXPLORE_UNKNOWN_NAME
 */
export function withOverriddenLeaves<Result>({ override = {} }: Variation, hasSeams: boolean, action: (seams: NonNullable<Variation["override"]>) => Result): Result {
  const replaced: { readonly operation: LeafOperation; readonly body: LeafOperation["body"] }[] = [];
  const seams: Record<string, NonNullable<Variation["override"]>[string]> = {};
  for (const [name, body] of Object.entries(override)) {
    const operations = gateHolder.operations.filter((operation) => operation.name === name);
    if (operations.length === 0 && !hasSeams) throw new ExploreError("EXPLORE_UNKNOWN_NAME", `no leaf is called ${name}`);
    if (operations.length === 0) seams[name] = body;
    for (const operation of operations) {
      replaced.push({ operation, body: operation.body });
      operation.body = body;
    }
  }
  try {
    return action(seams);
  } finally {
    for (const { operation, body } of replaced) operation.body = body;
  }
}
