import { type Scenario, scenarioOf } from "../scenario.ts";
import { search } from "../search.ts";
import type { MemoryModel } from "../store-buffer.ts";
import { type Instruction, type Perform, programBody, registersIn, setDifference, valuesText } from "./program.ts";
import { Words } from "./words.ts";

/** A test of memory: programs of a few instructions, and all outcomes that they can have. */
export interface LitmusTest {
  readonly name: string;
  readonly init: Readonly<Record<string, number>>;
  readonly threads: readonly (readonly Instruction[])[];
  readonly outcomes: Readonly<Record<"sc" | "tso", readonly Readonly<Record<string, number>>[]>>;
}

const MODELS: readonly { readonly key: "sc" | "tso"; readonly memoryModel: MemoryModel }[] = [
  { key: "sc", memoryModel: "SC" },
  { key: "tso", memoryModel: "TSO" },
];

/** Runs a litmus test under each memory model: what differs from its outcome sets, one line for each. */
export function runLitmus(test: LitmusTest): string[] {
  return MODELS.flatMap(({ key, memoryModel }) => {
    const difference = setDifference(outcomesOf(test, memoryModel), new Set(test.outcomes[key].map(valuesText)));
    return difference === "" ? [] : [`${test.name}: ${memoryModel}: ${difference}`];
  });
}

function outcomesOf(test: LitmusTest, memoryModel: MemoryModel): Set<string> {
  const outcomes = new Set<string>();
  let words: Words | undefined;
  const found = search(litmusScenario(test, (made) => (words = made)), {
    memoryModel,
    maximumBuffer: 1000,
    onState: ({ world }) => {
      if (world.isAtEnd) outcomes.add(outcomeText(test, words!));
    },
  });
  if (found.end !== "exhausted") outcomes.add(`${found.end}: ${found.why}`);
  return outcomes;
}

export function litmusScenario(test: LitmusTest, adopt: (words: Words) => void): Scenario {
  return scenarioOf(test.name, { claim: "", source: "", expected: "SAFE", reason: "", exercises: [] }, (s) => {
    const registers = registersOf(test);
    const words = new Words(s.columns, Object.values(test.init), registers.length);
    adopt(words);
    for (const [thread, code] of test.threads.entries()) {
      const own = registers.filter((register) => register.startsWith(`${thread}:`));
      const initial = Object.fromEntries(own.map((register) => [register.slice(`${thread}:`.length), 0]));
      s.thread(`P${thread}`, programBody(code, initial, performer(words, Object.keys(test.init), (register, value) => words.setRegister(registers.indexOf(`${thread}:${register}`), value))));
    }
  });
}

/** "0:r1" for each register of each thread. */
function registersOf({ threads }: LitmusTest): string[] {
  return threads.flatMap((code, thread) => registersIn(code).map((register) => `${thread}:${register}`));
}

function outcomeText(test: LitmusTest, words: Words): string {
  const registers = registersOf(test).map((register, at) => [register, words.register(at)] as const);
  const memory = Object.keys(test.init).map((name, at) => [name, words.load(at)] as const);
  return valuesText(Object.fromEntries([...registers, ...memory]));
}

function performer(words: Words, names: readonly string[], setRegister: (register: string, value: number) => void): Perform {
  return (instruction, pc, locals) => {
    const [name, first, second, third, fourth] = instruction as [string, string, string | number, string | number, string];
    const word = names.indexOf(first);
    const value = (operand: string | number): number => (typeof operand === "number" ? operand : locals[operand]!);
    const set = (register: string | number, result: number): number => {
      locals[register] = result;
      setRegister(register as string, result);
      return pc + 1;
    };
    const step = (next: number): number => {
      words.local();
      return next;
    };
    switch (name) {
      case "st": words.store(word, value(second)); return pc + 1;
      case "ld": return set(second, words.load(word));
      case "mfence": words.fence(); return pc + 1;
      case "xchg": return set(third, words.exchange(word, value(second)));
      case "cas": return set(fourth, words.compareExchange(word, value(second), value(third)));
      case "xadd": return set(third, words.fetchAdd(word, value(second)));
      case "mov": words.local(); return set(first, value(second));
      case "add": words.local(); return set(first, locals[first]! + value(second));
      case "beq": return step(locals[first] === second ? (third as number) : pc + 1);
      case "bne": return step(locals[first] === second ? pc + 1 : (third as number));
      case "jmp": return step(first as unknown as number);
      default: throw new Error(`unknown instruction ${name}`);
    }
  };
}
