import { PG_active, PG_dirty, PG_referenced, PG_uptodate } from "@zeropfn/folio";
import { EFBIG, EINVAL, ENOMEM, ENOSPC, ENXIO, EOPNOTSUPP, VM_FAULT_LOCKED, VM_FAULT_OOM, VM_FAULT_SIGBUS } from "@zeropfn/units";
import { describe, expect, test } from "vitest";
import { MAX_FILE_BYTES, NO_INDEX, NO_PAGE, PageCacheError, TmpfsFiles } from "../src/index.ts";
import { bytesOf, faultOn, PAGE, type World, worldOf } from "./world.ts";

const readAll = ({ files }: World, offset: number, length: number): number[] => {
  const out = bytesOf(length, 255);
  return [...out.subarray(0, files.read(0, offset, out))];
};
const flagsOf = ({ folios, cache }: World, index: number): string =>
  Object.entries({ uptodate: PG_uptodate, dirty: PG_dirty, referenced: PG_referenced, active: PG_active })
    .filter(([, flag]) => folios.testFlag(cache.load(0, index), flag))
    .map(([name]) => name)
    .join(" ");

describe("a file", () => {
  test("has the lowest free number, and there are as many as the cache has", () => {
    const { files } = worldOf({ fileCapacity: 3 });
    expect([files.create(), files.create(), files.create()]).toEqual([1, 2, -1]);
    files.release(1);
    expect(files.create()).toBe(1);
  });

  test("that is released has no page left, and comes back empty", () => {
    const world = worldOf(), { files, folios } = world;
    files.write(0, 0, bytesOf(3 * PAGE, 1));
    files.fallocate(0, 1, 5 * PAGE, PAGE);
    files.release(0);
    expect([folios.usedFrames, files.create(), files.size(0), files.blocks(0)]).toEqual([0, 0, 0, 0]);
  });

  test("does not see the pages of another", () => {
    const { files, cache } = worldOf();
    files.create();
    files.write(0, 0, bytesOf(PAGE, 1));
    files.write(1, 0, bytesOf(2 * PAGE, 2));
    files.truncate(1, 0);
    expect([files.size(0), files.blocks(0), cache.pageCount(1)]).toEqual([PAGE, 1, 0]);
  });
});

describe("what is wrong with arguments", () => {
  const refused: readonly (readonly [string, (files: TmpfsFiles) => number, number])[] = [
    ["read before the beginning", (files) => files.read(0, -1, new Uint8Array(1)), -EINVAL],
    ["write before the beginning", (files) => files.write(0, -1, bytesOf(1, 1)), -EINVAL],
    ["write where no file reaches", (files) => files.write(0, MAX_FILE_BYTES, bytesOf(1, 1)), -EFBIG],
    ["truncate below 0", (files) => files.truncate(0, -1), -EINVAL],
    ["truncate beyond the largest size", (files) => files.truncate(0, 2 ** 53), -EFBIG],
    ["fallocate of nothing", (files) => files.fallocate(0, 3, 0, 0), -EINVAL],
    ["fallocate before the beginning", (files) => files.fallocate(0, 3, -1, PAGE), -EINVAL],
    ["fallocate of less than nothing, with an unknown mode", (files) => files.fallocate(0, 512, 0, -1), -EINVAL],
    ["a hole that changes the size", (files) => files.fallocate(0, 2, 0, PAGE), -EOPNOTSUPP],
    ["a zeroed range", (files) => files.fallocate(0, 16, 0, PAGE), -EOPNOTSUPP],
    ["a collapsed range", (files) => files.fallocate(0, 8, 0, PAGE), -EOPNOTSUPP],
    ["an unknown mode where no file reaches", (files) => files.fallocate(0, 512, 2 ** 53, PAGE), -EOPNOTSUPP],
    ["a zeroed range where no file reaches", (files) => files.fallocate(0, 16, 2 ** 53, PAGE), -EFBIG],
    ["fallocate where no file reaches", (files) => files.fallocate(0, 0, MAX_FILE_BYTES - 1, 2), -EFBIG],
    ["data beyond the end", (files) => files.seekData(0, PAGE), -ENXIO],
    ["a hole before the beginning", (files) => files.seekHole(0, -1), -ENXIO],
  ];
  test.each(refused)("%s: refused, and nothing changes", (_, call, status) => {
    const world = worldOf();
    world.files.write(0, 0, bytesOf(PAGE, 7));
    expect(call(world.files)).toBe(status);
    expect([world.files.size(0), world.files.blocks(0), world.mapper.log]).toEqual([PAGE, 1, []]);
  });

  test("a number that is no file's is the caller's mistake", () => {
    const { files } = worldOf();
    for (const file of [1, 2, -1, 0.5]) expect(() => files.size(file)).toThrow(expect.objectContaining({ code: "PAGE_CACHE_BAD_FILE" }));
    expect(() => files.release(1)).toThrow(PageCacheError);
    expect(() => worldOf({ pageCapacity: -1 })).toThrow(expect.objectContaining({ code: "PAGE_CACHE_BAD_OPTION" }));
  });

  test("a write that begins before the largest size and ends behind it is cut there", () => {
    const { files } = worldOf({ nodes: 200 });
    expect(files.write(0, MAX_FILE_BYTES - 3, bytesOf(10, 1))).toBe(3);
    expect(files.size(0)).toBe(MAX_FILE_BYTES);
  });
});

describe("reading and writing", () => {
  test("a hole, and a page that fallocate() brought, read as zeros and are no use of a page", () => {
    const world = worldOf(), { files, folios } = world;
    files.truncate(0, 3 * PAGE);
    files.fallocate(0, 0, PAGE, PAGE);
    folios.store8(world.cache.load(0, 1), 5, 99);
    expect(readAll(world, 0, 4 * PAGE)).toEqual(Array.from({ length: 3 * PAGE }, () => 0));
    expect([files.blocks(0), flagsOf(world, 1)]).toEqual([1, "dirty"]);
  });

  test("a part of a page that was not uptodate is written, and the rest of it is zeroed", () => {
    const world = worldOf(), { files, folios, cache } = world;
    files.fallocate(0, 0, 0, PAGE);
    for (let at = 0; at < PAGE; at++) folios.store8(cache.load(0, 0), at, 99);
    files.write(0, 3, bytesOf(2, 7));
    expect(flagsOf(world, 0)).toBe("uptodate dirty referenced");
    expect(readAll(world, 0, 8)).toEqual([0, 0, 0, 7, 7, 0, 0, 0]);
    expect([PAGE - 1, 8, 5].map((at) => folios.load8(cache.load(0, 0), at))).toEqual([0, 0, 0]);
  });

  test("a read counts as a use of a page if it begins with the page's first byte", () => {
    const world = worldOf(), { files } = world;
    files.truncate(0, 3 * PAGE);
    for (const index of [0, 1, 2]) world.fault(0, index);
    files.read(0, 1, new Uint8Array(2 * PAGE));
    expect([0, 1, 2].map((index) => flagsOf(world, index))).toEqual(["uptodate", "uptodate referenced", "uptodate referenced"]);
  });

  test("writing nothing beyond the end does not grow a file", () => {
    const { files } = worldOf();
    expect([files.write(0, 5 * PAGE, new Uint8Array(0)), files.size(0)]).toEqual([0, 0]);
  });
});

describe("mapped pages", () => {
  test("a fault on a hole gives it a clean page of zeros; beyond the page with the last byte there is none", () => {
    const world = worldOf();
    world.files.truncate(0, PAGE + 1);
    expect([0, 1, 2].map((index) => world.fault(0, index))).toEqual([VM_FAULT_LOCKED, VM_FAULT_LOCKED, VM_FAULT_SIGBUS]);
    expect([flagsOf(world, 0), world.files.blocks(0)]).toEqual(["uptodate", 2]);
  });

  test("a page that fallocate() brought is zeroed by the fault, and not offered around one before", () => {
    const world = worldOf(), { files, folios, cache } = world, fault = faultOn(0, 0);
    files.fallocate(0, 0, 0, PAGE);
    folios.store8(cache.load(0, 0), 1, 99);
    expect(files.nextMappable(fault, 8)).toBe(false);
    world.fault(0, 0);
    expect(folios.load8(cache.load(0, 0), 1)).toBe(0);
    expect(files.nextMappable(fault, 8)).toBe(true);
  });

  test("a page that somebody holds, or that lies beyond the end, is not offered", () => {
    const { files, folios, cache } = worldOf(), fault = faultOn(0, 0);
    files.write(0, 0, bytesOf(3 * PAGE, 1));
    folios.lock(cache.load(0, 0));
    expect(files.nextMappable(fault, 0)).toBe(false);
    expect([files.nextMappable(fault, 8), fault.index, fault.pfn]).toEqual([true, 1, cache.load(0, 1)]);
    expect([folios.tryLock(fault.pfn), folios.refcount(fault.pfn)]).toEqual([false, 2]);
  });

  test("bytes stored beyond the end appear when the file grows, and not when it was cut in between", () => {
    const world = worldOf(), { files, folios, cache } = world;
    files.write(0, 0, bytesOf(10, 1));
    world.fault(0, 0);
    folios.store8(cache.load(0, 0), 10, 42);
    files.truncate(0, 12);
    expect(readAll(world, 9, 3)).toEqual([1, 42, 0]);
    files.truncate(0, 10);
    files.truncate(0, 12);
    expect(readAll(world, 9, 3)).toEqual([1, 0, 0]);
  });

  test("truncate unmaps what lies behind the new end with private copies, before and after; a hole unmaps its whole pages without", () => {
    const { files, mapper } = worldOf();
    files.write(0, 0, bytesOf(4 * PAGE, 1));
    files.fallocate(0, 3, PAGE - 1, PAGE + 2);
    expect(mapper.log.splice(0)).toEqual(["unmap 1 1"]);
    files.truncate(0, 2 * PAGE + 1);
    expect(mapper.log.splice(0)).toEqual(["unmap 3 Infinity and copies", "unmap 3 Infinity and copies"]);
    files.truncate(0, 2 * PAGE + 1);
    files.truncate(0, 4 * PAGE);
    expect(mapper.log).toEqual([]);
  });

  test("truncate to the size that the file has zeroes and drops what lies beyond it all the same", () => {
    const world = worldOf(), { files, folios, cache } = world;
    files.write(0, 0, bytesOf(10, 1));
    files.fallocate(0, 1, PAGE, 2 * PAGE);
    folios.store8(cache.load(0, 0), 10, 42);
    expect([files.blocks(0), files.truncate(0, 10), files.blocks(0), folios.load8(cache.load(0, 0), 10)]).toEqual([3, 0, 1, 0]);
  });

  test("when truncate unmaps pages the file is short already, so that they cannot be mapped again", () => {
    const { files, mapper, fault } = worldOf(), answers: number[] = [];
    files.write(0, 0, bytesOf(2 * PAGE, 1));
    mapper.unmapMappingRange = () => void answers.push(fault(0, 1));
    files.truncate(0, PAGE);
    expect(answers).toEqual([VM_FAULT_SIGBUS, VM_FAULT_SIGBUS]);
  });

  test("pages that madvise() takes away leave a hole, and private copies of them stay", () => {
    const world = worldOf(), { files, mapper } = world;
    files.write(0, 0, bytesOf(4 * PAGE, 1));
    mapper.copies.add(1);
    expect([files.punch(0, 1, 2), world.cache.pageCount(0), files.size(0), mapper.log, mapper.copies.size]).toEqual([0, 2, 4 * PAGE, ["unmap 1 2"], 1]);
  });

  // Observed on Linux 6.18.44.
  test("a hole may reach to 2^63, though no file does", () => {
    const { files, cache } = worldOf();
    files.write(0, 0, bytesOf(4 * PAGE, 1));
    expect([files.fallocate(0, 3, 2 * PAGE, 2 ** 62), files.fallocate(0, 3, 2 ** 62, PAGE), cache.pageCount(0), files.fallocate(0, 3, 0, 2 ** 63)]).toEqual([0, 0, 2, -EFBIG]);
    expect(files.punch(0, 2 ** 50, 2)).toBe(0);
  });

  // Observed on Linux 6.18.44.
  test("a hole that ends within the first page unmaps all that follows, and takes no page", () => {
    const world = worldOf(), { files, mapper } = world;
    files.write(0, 0, bytesOf(4 * PAGE, 1));
    for (const index of [0, 1, 3]) world.fault(0, index);
    expect([files.fallocate(0, 3, 100, 1), [...mapper.shared.keys()], mapper.log]).toEqual([0, [0], [`unmap 1 ${Infinity}`]]);
    expect([files.fallocate(0, 3, 0, 1), mapper.shared.size, world.cache.pageCount(0)]).toEqual([0, 0, 4]);
  });

  test("a hole inside one page behind the first unmaps nothing", () => {
    const { files, mapper, cache } = worldOf();
    files.write(0, 0, bytesOf(2 * PAGE, 1));
    expect([files.fallocate(0, 3, PAGE + 1, 5), mapper.log, cache.pageCount(0)]).toEqual([0, [], 2]);
  });

  test("a clean page leaves if nobody else needs it; a dirty one stays and becomes active", () => {
    const world = worldOf(), { files, folios, cache } = world;
    files.write(0, PAGE, bytesOf(PAGE, 1));
    world.fault(0, 0);
    world.mapper.unmapMappingRange(0, 0, 1, true);
    const clean = cache.find(0, 0), dirty = cache.find(0, 1);
    folios.get(clean);
    expect([files.evict(0, clean), files.evict(0, dirty)]).toEqual([false, false]);
    folios.put(clean);
    expect([files.evict(0, clean), folios.put(clean), cache.load(0, 0), flagsOf(world, 1)]).toEqual([true, true, NO_PAGE, "uptodate dirty referenced active"]);
  });
});

describe("when frames run out", () => {
  test("a fault says so, a write answers how far it came, and one that got nowhere says so too", () => {
    const { files, fault } = worldOf({ frames: 2 });
    expect(files.write(0, 10, bytesOf(4 * PAGE, 1))).toBe(2 * PAGE - 10);
    expect([files.size(0), files.write(0, 3 * PAGE, bytesOf(1, 1))]).toEqual([2 * PAGE, -ENOMEM]);
    files.truncate(0, 4 * PAGE);
    expect([fault(0, 3), files.size(0), files.blocks(0)]).toEqual([VM_FAULT_OOM, 4 * PAGE, 2]);
  });

  test("fallocate() takes back what it added, and no more", () => {
    const { files, folios } = worldOf({ frames: 3 });
    files.write(0, PAGE, bytesOf(PAGE, 1));
    expect([files.fallocate(0, 0, 0, 5 * PAGE), files.blocks(0), files.size(0), folios.usedFrames]).toEqual([-ENOMEM, 1, 2 * PAGE, 1]);
  });

  test("and when tree nodes do", () => {
    const { files, folios, fault } = worldOf({ nodes: 1 });
    expect(files.write(0, 0, bytesOf(4 * PAGE, 1))).toBe(4 * PAGE);
    files.truncate(0, 5 * PAGE);
    expect([files.write(0, 4 * PAGE, bytesOf(1, 1)), fault(0, 4), folios.usedFrames]).toEqual([-ENOMEM, VM_FAULT_OOM, 4]);
  });

  test("a limit of the files' own is no memory, but no space", () => {
    const { files, fault, counters, folios } = worldOf({ pageCapacity: 2 });
    files.create();
    expect([files.write(0, 0, bytesOf(PAGE, 1)), files.write(1, 0, bytesOf(2 * PAGE, 1)), files.write(1, PAGE, bytesOf(1, 1))]).toEqual([PAGE, PAGE, -ENOSPC]);
    expect([files.fallocate(0, 0, 0, 2 * PAGE), fault(0, 0), files.truncate(0, 2 * PAGE), fault(0, 1)]).toEqual([-ENOSPC, VM_FAULT_LOCKED, 0, VM_FAULT_SIGBUS]);
    expect([counters.of("nr_shmem"), folios.usedFrames]).toEqual([2, 2]);
    files.release(1);
    expect(fault(0, 1)).toBe(VM_FAULT_LOCKED);
  });
});

describe("while others change the file", () => {
  /** What happens once, while somebody waits for the lock of page `held`. */
  const during = (change: (world: World) => void, held = 0): World => {
    let isDone = false;
    const world: World = worldOf({
      background: {
        run(): boolean {
          if (isDone) return false;
          isDone = true;
          const pfn = world.cache.load(0, held);
          change(world);
          world.folios.unlock(pfn);
          return true;
        },
      },
    });
    world.files.write(0, 0, bytesOf(3 * PAGE, 1));
    world.folios.lock(world.cache.load(0, held));
    return world;
  };
  /** Truncate, once it has the lock of page 0. */
  const removePage0 = ({ cache }: World): void => {
    const pfn = cache.find(0, 0);
    cache.drop(0, pfn);
    cacheDropped.push(pfn);
  };
  const cacheDropped: number[] = [];

  test("a fault that waited for a page that was removed meanwhile makes a new one", () => {
    const world = during(removePage0);
    expect(world.fault(0, 0)).toBe(VM_FAULT_LOCKED);
    const pfn = world.cache.load(0, 0);
    expect([pfn === cacheDropped.pop(), world.folios.load8(pfn, 0), world.folios.mapcount(pfn)]).toEqual([false, 0, 1]);
  });

  test("a read that waited for a page that was removed meanwhile sees a hole", () => {
    const world = during(removePage0);
    expect(readAll(world, 0, 2)).toEqual([0, 0]);
  });

  test("a fault on a page that is being punched out waits; on another one it does not", () => {
    const world = worldOf(), { mapper, files } = world, seen: unknown[] = [];
    files.write(0, 0, bytesOf(3 * PAGE, 1));
    const unmap = mapper.unmapMappingRange.bind(mapper);
    mapper.unmapMappingRange = (...args) => {
      unmap(...args);
      expect(() => world.fault(0, 1)).toThrow("STATE_DEADLOCK");
      seen.push(world.fault(0, 0));
    };
    files.fallocate(0, 3, PAGE, PAGE);
    expect([...seen, world.fault(0, 1)]).toEqual([VM_FAULT_LOCKED, VM_FAULT_LOCKED]);
  });

  test("truncate drops the pages that nobody holds, then waits for the others, and takes those that came in meanwhile", () => {
    const seen: number[] = [];
    const world = during(({ cache, folios }) => {
      for (let index = cache.next(0, 0); index !== NO_INDEX; index = cache.next(0, index + 1)) seen.push(index);
      const pfn = folios.allocate(0);
      cache.add(0, 0, pfn);
      folios.put(pfn);
    }, 1);
    expect([world.files.truncate(0, 0), seen, world.cache.pageCount(0), world.folios.usedFrames]).toEqual([0, [1], 0, 0]);
  });

  test("who mapped a page after the range was unmapped loses it when the page goes", () => {
    const world = worldOf(), { mapper, files } = world;
    files.write(0, 0, bytesOf(2 * PAGE, 1));
    const unmap = mapper.unmapMappingRange.bind(mapper);
    let calls = 0;
    mapper.unmapMappingRange = (...args) => {
      unmap(...args);
      if (calls++ > 0) return;
      const pfn = world.cache.findLocked(0, 1);
      mapper.map(1, pfn);
    };
    files.truncate(0, PAGE);
    expect([mapper.shared.size, mapper.log]).toEqual([0, ["unmap 1 Infinity and copies", "unmap 1 1", "unmap 1 Infinity and copies"]]);
  });
});
