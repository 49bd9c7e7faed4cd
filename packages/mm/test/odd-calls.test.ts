import {
  MADV_GUARD_INSTALL, MADV_MERGEABLE, MADV_UNMERGEABLE, MAP_FIXED_NOREPLACE, MAP_SHARED_VALIDATE, MAP_SYNC, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE,
} from "@zeropfn/pte-mmu";
import { EEXIST, EFAULT, EINVAL, ENOMEM, EOPNOTSUPP, EOVERFLOW, SIGBUS, type VirtualAddress } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import {
  createMachine, linuxTmpfs, type Machine, type MachineFile, MAP_ANONYMOUS, MAP_FIXED, MAP_LOCKED, MAP_PRIVATE, MAP_SHARED, mappedAreas, pageInfo, type Process, PROT_NONE, PROT_READ,
  PROT_WRITE, smapsAreas,
} from "../src/index.ts";

// Each answer was observed on Linux 6.18.44.

const PAGE = 4096;
const BASE = 0x10_0000;
const PRIVATE = MAP_PRIVATE + MAP_FIXED;
const MOVE = MREMAP_MAYMOVE + MREMAP_FIXED;
const LEAVE = MOVE + MREMAP_DONTUNMAP;

interface World {
  readonly machine: Machine;
  readonly process: Process;
  readonly file: MachineFile;
}
function world(filePages: number = 0): World {
  const machine = createMachine({ stack: linuxTmpfs, memoryBytes: 256 * PAGE }), file = machine.createFile("file");
  file.truncate(filePages * PAGE);
  return { machine, process: machine.createProcess(), file };
}
const at = (page: number): VirtualAddress => (BASE + page * PAGE) as VirtualAddress;
const anonymous = (process: Process, page: number, pages: number, flags: number = PRIVATE, protection: number = PROT_READ + PROT_WRITE): number =>
  process.mmap(null, { address: at(page), length: pages * PAGE, protection, flags: flags + MAP_ANONYMOUS });
const show = ({ process, file }: World, page: number, pages: number, index: number, flags: number = PRIVATE): number =>
  process.mmap(file, { address: at(page), length: pages * PAGE, offset: index * PAGE, protection: PROT_READ + PROT_WRITE, flags });
const store = (process: Process, page: number): number => process.write(at(page), Uint8Array.of(1));
/** Areas as [first page, end]. */
const areas = (process: Process): number[][] => mappedAreas(process).map(({ start, end }) => [(start - BASE) / PAGE, (end - BASE) / PAGE]);
const letters = (process: Process, page: number, pages: number): string => Array.from({ length: pages }, (_, nth) => pageInfo(process, at(page + nth)).letter).join("");
const flagsOf = (process: Process): string => smapsAreas(process)[0]!.vmFlags;

describe("mremap", () => {
  test("with an old length that wraps around overlaps nothing: it unmaps its target before it refuses", () => {
    const { process } = world();
    expect(process.mremap(at(0), -PAGE, 4 * PAGE, MOVE, at(20))).toBe(-EFAULT);
    anonymous(process, 0, 1);
    anonymous(process, 10, 4);
    expect(process.mremap(at(0), -PAGE, PAGE, MOVE, at(11))).toBe(-EINVAL);
    expect(areas(process)).toEqual([[0, 1], [10, 11], [12, 14]]);
  });

  test("MREMAP_DONTUNMAP to right behind the area makes one area of both, and moves once", () => {
    const { process } = world();
    anonymous(process, 0, 1, PRIVATE + MAP_LOCKED, PROT_READ);
    expect(process.mremap(at(0), PAGE, PAGE, LEAVE, at(1))).toBe(at(1));
    expect([areas(process), letters(process, 0, 2)]).toEqual([[[0, 2]], ".Z"]);
    anonymous(process, 10, 3, PRIVATE, PROT_READ);
    expect(process.mremap(at(12), PAGE, PAGE, LEAVE, at(13))).toBe(at(13));
    expect(areas(process)).toEqual([[0, 2], [10, 14]]);
  });
});

describe("mlock", () => {
  test("of no bytes within an area that cannot be accessed locks nothing, and succeeds", () => {
    const { process } = world();
    anonymous(process, 0, 3, PRIVATE, PROT_NONE);
    expect(process.mlock(at(1), 0)).toBe(0);
    expect(process.mlock(at(1), 1)).toBe(-ENOMEM);
  });
});

describe("mmap", () => {
  test("finds the place taken before it looks at the end of the file", () => {
    const one = world();
    show(one, 0, 1, 0, MAP_SHARED + MAP_FIXED);
    const request = { length: 2 * PAGE, offset: -PAGE, protection: PROT_READ };
    expect(one.process.mmap(one.file, { ...request, address: at(0), flags: MAP_SHARED + MAP_FIXED_NOREPLACE })).toBe(-EEXIST);
    expect(one.process.mmap(one.file, { ...request, address: at(5), flags: MAP_SHARED + MAP_FIXED_NOREPLACE })).toBe(-EOVERFLOW);
  });

  test("with MAP_SHARED_VALIDATE knows neither MAP_FIXED_NOREPLACE nor bits without a meaning", () => {
    const one = world(1), VALIDATE = MAP_SHARED_VALIDATE + MAP_FIXED, known = [0x40, 0x80, 0x800, 0x1000, 0x2000, 0x4000, 0x8000, 0x1_0000, 0x2_0000, 0x400_0000, 0x4000_0000];
    const answers = (flags: readonly number[]): number[] => flags.map((flag) => show(one, 0, 1, 0, VALIDATE + flag));
    expect(answers(known)).toEqual(known.map(() => at(0)));
    const unknown = [0x200, 0x400, MAP_SYNC, 0x20_0000, 0x40_0000, 0x80_0000, 0x100_0000, 0x200_0000, 0x8000_0000];
    expect(answers(unknown)).toEqual(unknown.map(() => -EOPNOTSUPP));
    expect(show(one, 5, 1, 0, MAP_SHARED_VALIDATE + MAP_FIXED_NOREPLACE)).toBe(-EOPNOTSUPP);
  });

  test("remembers MAP_SYNC even where it means nothing", () => {
    const one = world();
    show(one, 0, 1, 0, MAP_SHARED + MAP_FIXED + MAP_SYNC);
    expect(flagsOf(one.process)).toBe("rd wr sh mr mw me ms sf");
  });
});

describe("madvise", () => {
  test("MADV_MERGEABLE marks private areas, and is silent about shared ones", () => {
    const { process } = world();
    anonymous(process, 0, 1);
    expect([process.madvise(at(0), PAGE, MADV_MERGEABLE), flagsOf(process)]).toEqual([0, "rd wr mr mw me ac mg"]);
    expect([process.madvise(at(0), PAGE, MADV_UNMERGEABLE), flagsOf(process)]).toEqual([0, "rd wr mr mw me ac"]);
    anonymous(process, 0, 1, MAP_SHARED + MAP_FIXED);
    expect([process.madvise(at(0), PAGE, MADV_MERGEABLE), flagsOf(process)]).toEqual([0, "rd wr sh mr mw me ms"]);
    expect(process.madvise(at(50), PAGE, MADV_UNMERGEABLE)).toBe(-ENOMEM);
  });

  test("a guard in an area of a file is no write: another one that was written to may join it", () => {
    const one = world(), { process } = one;
    show(one, 0, 1, 0);
    expect(process.madvise(at(0), PAGE, MADV_GUARD_INSTALL)).toBe(0);
    show(one, 5, 1, 1);
    // Nothing can be written beyond the end of the file, but the area is ready for copies now.
    expect([store(process, 5), process.siginfo?.signal]).toEqual([0, SIGBUS]);
    process.mremap(at(5), PAGE, PAGE, MOVE, at(1));
    expect(areas(process)).toEqual([[0, 2]]);
  });

  test("a guard in an area of anonymous memory makes it one that was written to", () => {
    const { process } = world();
    anonymous(process, 0, 1);
    process.madvise(at(0), PAGE, MADV_GUARD_INSTALL);
    process.mremap(at(0), PAGE, PAGE, MOVE, at(20));
    anonymous(process, 21, 1);
    expect(areas(process)).toEqual([[20, 21], [21, 22]]);
  });

  test("a guard in an area of a file is in the child too, though nothing was written", () => {
    const one = world(3);
    show(one, 0, 3, 0);
    one.process.madvise(at(1), PAGE, MADV_GUARD_INSTALL);
    expect(letters(one.process.fork() as Process, 0, 3)).toBe(".G.");
  });
});

describe("fallocate", () => {
  test("of a hole that ends within the first page unmaps all pages of the file behind it, but no private copy", () => {
    const one = world(4), { process, file } = one;
    show(one, 0, 4, 0, MAP_SHARED + MAP_FIXED);
    show(one, 10, 4, 0);
    for (const page of [0, 1, 3, 11]) store(process, page);
    process.read(at(10), new Uint8Array(1));
    expect(letters(process, 0, 4) + letters(process, 10, 4)).toBe("DD.DDA.D");
    expect(file.punch(100, 1)).toBe(0);
    expect(letters(process, 0, 4) + letters(process, 10, 4)).toBe("D...DA..");
    expect([file.punch(0, 100), letters(process, 0, 4) + letters(process, 10, 4)]).toEqual([0, ".....A.."]);
    expect(file.stat().blocks).toBe(24);
  });
});

describe("pread", () => {
  test("of no bytes beyond the end, but within its page, reads none", () => {
    const { file } = world();
    file.pwrite(0, Uint8Array.of(1));
    expect([file.pread(100, new Uint8Array(0)), file.pread(0, new Uint8Array(0))]).toEqual([0, 0]);
  });
});
