import { mark } from "@zeropfn/state";

/** One instruction: its name, then operands. */
export type Instruction = readonly [string, ...unknown[]];

/** Performs one instruction, which is one step: gives the next program counter. May change `locals`. */
export type Perform = (instruction: Instruction, pc: number, locals: Record<string, number>) => number;

/** A thread's body that runs a program. At each instruction, all that matters is the program counter and the locals. */
export function programBody(code: readonly Instruction[], initial: Readonly<Record<string, number>>, perform: Perform): () => void {
  return () => {
    const locals = { ...initial };
    for (let pc = 0; ; ) {
      mark("pc", pc, ...Object.values(locals));
      const instruction = code[pc];
      if (instruction === undefined) return;
      pc = perform(instruction, pc, locals);
    }
  };
}

/** Where the instructions of litmus tests and crash sets have registers, or integers in their place. */
const REGISTER_OPERANDS: Readonly<Record<string, readonly number[]>> = {
  st: [2], nt: [2], ld: [2], xchg: [2, 3], cas: [2, 3, 4], xadd: [2, 3], mov: [1, 2], add: [1, 2], beq: [1], bne: [1],
};

/** The registers that `code` names, each once. */
export function registersIn(code: readonly Instruction[]): string[] {
  const operands = code.flatMap((instruction) => (REGISTER_OPERANDS[instruction[0]] ?? []).map((at) => instruction[at]));
  return [...new Set(operands.filter((operand): operand is string => typeof operand === "string"))];
}

/** "x=0 y=1" in the order of names: what sets of outcomes are compared by. */
export const valuesText = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

/** What is in one set and not in the other, in words; "" if they are equal. */
export function setDifference(got: ReadonlySet<string>, expected: ReadonlySet<string>): string {
  const extra = [...got].filter((text) => !expected.has(text)), missing = [...expected].filter((text) => !got.has(text));
  const part = (what: string, texts: readonly string[]): string[] => (texts.length === 0 ? [] : [`${what} ${texts.slice(0, 3).map((text) => `{${text}}`).join(", ")}${texts.length > 3 ? ` and ${texts.length - 3} more` : ""}`]);
  return [...part("not expected:", extra), ...part("missing:", missing)].join("; ");
}
