import type { Ghost } from "../ghost.ts";
import { PersistentRegion } from "../persistent-region.ts";
import { type Scenario, type ScenarioBuilder, scenarioOf } from "../scenario.ts";
import { search } from "../search.ts";
import { type Instruction, type Perform, programBody, registersIn, setDifference, valuesText } from "./program.ts";

type Image = Readonly<Record<string, number>>;

/** A program on persistent memory, and all images that a crash can leave at each point of it. */
export interface CrashTest {
  readonly name: string;
  readonly lines: Readonly<Record<string, readonly string[]>>;
  readonly init: Image;
  /** Words that do not survive. */
  readonly volatile?: readonly string[];
  readonly threads: readonly (readonly Instruction[])[];
  readonly imagesAny: readonly Image[];
  readonly imagesEnd: readonly Image[];
  readonly points: readonly { readonly pc: readonly number[]; readonly images: readonly Image[] }[];
  readonly invariant?: { readonly if: Image; readonly then: Image; readonly holds: boolean };
}

/** Runs a crash test: what differs from its images, and from what its invariant is known to do, one line for each. */
export function runCrashTest(test: CrashTest): string[] {
  const images = imagesOf(test);
  const expected = new Map<string, readonly Image[]>(test.points.map(({ pc, images: at }) => [`after ${pc.join(",")} instructions`, at]));
  expected.set("at any time", test.imagesAny);
  expected.set("at the end", test.imagesEnd);
  const lines = [...new Set([...images.keys(), ...expected.keys()])].flatMap((point) => {
    const difference = setDifference(images.get(point) ?? new Set(), new Set((expected.get(point) ?? []).map(valuesText)));
    return difference === "" ? [] : [`${test.name}: ${point}: ${difference}`];
  });
  return [...lines, ...invariantDifference(test)];
}

/** All images by the point at which they can be found. */
function imagesOf(test: CrashTest): Map<string, Set<string>> {
  const images = new Map<string, Set<string>>();
  const persistent = Object.values(test.lines).flat().filter((word) => !test.volatile?.includes(word));
  let made: Made | undefined;
  search(crashScenario(test, (parts) => (made = parts)), {
    countsAll: true,
    onState: ({ world }) => {
      const { region, counters } = made!;
      const points = [`after ${counters.map((counter) => counter.get()).join(",")} instructions`, "at any time", ...(world.isAtEnd ? ["at the end"] : [])];
      const count = region.countImages();
      for (let nth = 0; nth < count; nth++) {
        region.becomeImage(nth);
        const image = valuesText(Object.fromEntries(persistent.map((word) => [word, region.load(region.wordNamed(word))])));
        world.discardWrites();
        for (const point of points) images.set(point, (images.get(point) ?? new Set()).add(image));
      }
    },
  });
  return images;
}

/** The invariant, checked by a recovery that runs on each image: it must fail if, and only if, it is known to. */
function invariantDifference(test: CrashTest): string[] {
  const { invariant } = test;
  if (invariant === undefined) return [];
  const found = search(crashScenario(test, () => {}));
  const holds = found.end === "exhausted";
  return holds === invariant.holds ? [] : [`${test.name}: the invariant ${holds ? "holds" : `fails: ${found.why}`}, expected ${invariant.holds ? "that it holds" : "that it fails"}`];
}

interface Made {
  readonly region: PersistentRegion;
  /** Instructions that each thread has done. */
  readonly counters: readonly Ghost[];
}

export function crashScenario(test: CrashTest, adopt: (made: Made) => void): Scenario {
  return scenarioOf(test.name, { claim: "", source: "", expected: "SAFE", reason: "", exercises: [] }, (s) => {
    const volatileLines = Object.fromEntries((test.volatile ?? []).map((word) => [`volatile ${word}`, [word]]));
    const region = new PersistentRegion(s.columns, { lines: { ...test.lines, ...volatileLines }, cpus: test.threads.length, initial: test.init, queueCapacity: storesOf(test), maximumImages: Number.POSITIVE_INFINITY });
    const counters = test.threads.map((_, thread) => s.ghost(`pc${thread}`));
    adopt({ region, counters });
    for (const [thread, code] of test.threads.entries()) {
      const initial = Object.fromEntries(registersIn(code).map((register) => [register, 0]));
      s.thread(`P${thread}`, programBody(code, initial, performer(region, counters[thread]!, thread)));
    }
    addRecovery(s, test, region);
  });
}

/** Stores that one line may have to hold: all that the program has. */
const storesOf = ({ threads }: CrashTest): number => 1 + threads.flat().filter(([name]) => ["st", "nt", "xchg", "cas", "xadd"].includes(name)).length;

function addRecovery(s: ScenarioBuilder, { invariant }: CrashTest, region: PersistentRegion): void {
  if (invariant === undefined) return;
  const holds = (image: Image): boolean => Object.entries(image).every(([word, value]) => region.load(region.wordNamed(word)) === value);
  s.crash(region, () => s.check(!holds(invariant.if) || holds(invariant.then), `${valuesText(invariant.if)} without ${valuesText(invariant.then)}`));
}

function performer(region: PersistentRegion, counter: Ghost, cpu: number): Perform {
  return (instruction, pc, locals) => {
    const [name, first, second, third, fourth] = instruction as [string, string, string | number, string | number, string];
    const value = (operand: string | number): number => (typeof operand === "number" ? operand : locals[operand]!);
    const word = (): number => region.wordNamed(first);
    const set = (register: string | number, result: number): void => void (locals[register] = result);
    let next = pc + 1;
    const branch = (isTaken: boolean, target: number): void => {
      region.load(0); // a step, which touches nothing
      if (isTaken) next = target;
    };
    switch (name) {
      case "st": region.store(word(), value(second)); break;
      case "nt": region.storeNonTemporal(cpu, word(), value(second)); break;
      case "ld": set(second, region.load(word())); break;
      case "clwb": region.writeBack(cpu, region.lineNamed(first)); break;
      case "sfence": case "mfence": region.fence(cpu); break;
      case "xchg": set(third, region.exchange(cpu, word(), value(second))); break;
      case "cas": set(fourth, region.compareExchange(cpu, word(), value(second), value(third))); break;
      case "xadd": set(third, region.fetchAdd(cpu, word(), value(second))); break;
      case "mov": region.load(0); set(first, value(second)); break;
      case "add": region.load(0); set(first, locals[first]! + value(second)); break;
      case "beq": branch(locals[first] === second, third as number); break;
      case "bne": branch(locals[first] !== second, third as number); break;
      case "jmp": branch(true, first as unknown as number); break;
      default: throw new Error(`unknown instruction ${name}`);
    }
    counter.set(next);
    return next;
  };
}
