import { createMachine, daxCachePage, daxZeroPage, type Machine } from "@zeropfn/mm";
import { KiB, type VirtualAddress } from "@zeropfn/units";
import { XArray } from "@zeropfn/xarray";

/** What happened to one stack. */
export interface Seen {
  readonly stack: string;
  /** What the pages of the mapping are mapped to, a letter each, after page 0 was read, page 1 written, and page 2 left alone. */
  readonly letters: string;
  readonly loaded: readonly number[];
  readonly framesInUse: number;
  /** Which content operations were chosen, whether the zero page is zero by them, and their hash of it. */
  readonly content: readonly [string, boolean, number];
}

/** A read fault and a write fault on a file of three pages, on each stack: the packages of floors 0 to 3 at work. */
export function faults(): Seen[] {
  return [daxCachePage, daxZeroPage].map((stack) => {
    const machine = createMachine({ stack, memoryBytes: 64 * KiB, pmemBytes: 64 * KiB });
    const process = machine.createProcess(),
      file = machine.createFile("data", 12 * KiB),
      address = process.mmap(file);
    const page = (nth: number): VirtualAddress => (address + nth * machine.pageSize) as VirtualAddress;
    const loaded = [process.load8(page(0)), process.store8(page(1), 7), process.load8(page(1)), process.load8(page(3))];
    return {
      stack: stack.name,
      letters: [0, 1, 2].map((nth) => process.pageLetter(page(nth))).join(""),
      loaded,
      framesInUse: machine.framesInUse,
      content: contentOf(machine),
    };
  });
}

function contentOf({ parts: { folios } }: Machine): Seen["content"] {
  return [folios.contentName, folios.isZero(folios.zeroPfn), folios.hash(folios.zeroPfn)];
}

/** A structure used alone: its columns grow. */
export function grown(): number[] {
  const array = new XArray();
  for (let index = 0; index < 5000; index++) array.store(index * 70_000, index + 1);
  return [array.load(0), array.load(4999 * 70_000), array.load(1)];
}
