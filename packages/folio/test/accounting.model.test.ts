import { Slab } from "@zeropfn/state";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FolioLists, Folios, GUP_PIN_COUNTING_BIAS, NO_FRAME } from "../src/index.ts";

const FRAMES = 40;
const DEVICES = 2;
const MAXIMUM_ORDER = 3;

/** What the model knows of a folio. */
interface ModelFolio {
  pfn: number;
  order: number;
  references: number;
  pins: number;
  maps: number[];
  isListed: boolean;
}

/** A machine, and a list of its folios that says what it should be. */
class World {
  readonly slab = new Slab();
  readonly folios = new Folios(this.slab, { frameCount: FRAMES, deviceFrameCount: DEVICES, pageShift: 4, maximumOrder: MAXIMUM_ORDER, hugeZeroOrder: 2 });
  readonly lists = new FolioLists(this.slab, this.folios, { listCount: 2 });
  readonly model: ModelFolio[] = [];
  /** Frames that no folio has: the zero page's, and the huge one's. */
  readonly zeroFrames = new Set([0]);
  peak = 0;

  pick(choice: number): ModelFolio | undefined {
    return this.model.length === 0 ? undefined : this.model[choice % this.model.length];
  }
  ownersOf(frame: number): number {
    return this.model.filter(({ pfn, order }) => frame >= pfn && frame < pfn + 2 ** order).length + Number(this.zeroFrames.has(frame));
  }
  hasFree(order: number): boolean {
    for (let first = 0; first + 2 ** order <= FRAMES; first += 2 ** order) {
      if (Array.from({ length: 2 ** order }, (_, nth) => this.ownersOf(first + nth)).every((owners) => owners === 0)) return true;
    }
    return false;
  }
  /** The call throws this code, and no column changes. */
  refuses(call: () => unknown, code: string): void {
    const before = this.slab.newSnapshot();
    this.slab.save(before);
    expect(call).toThrow(expect.objectContaining({ code }));
    expect(this.slab.changesSince(before)).toEqual([]);
  }
  check(): void {
    const { folios } = this;
    folios.checkInvariants();
    const used = this.model.reduce((sum, { order }) => sum + 2 ** order, 0);
    this.peak = Math.max(this.peak, used);
    expect([folios.usedFrames, folios.freeFrames]).toEqual([used, FRAMES - used - this.zeroFrames.size]);
    for (const { pfn, order, references, pins, maps, isListed } of this.model) {
      expect([folios.head(pfn + 2 ** order - 1), folios.order(pfn)]).toEqual([pfn, order]);
      expect(folios.refcount(pfn)).toBe(references + pins * (order === 0 ? GUP_PIN_COUNTING_BIAS : 1));
      expect([folios.pincount(pfn), this.lists.isListed(pfn), ...maps.map((_, page) => folios.mapcount(pfn + page))]).toEqual([pins, isListed, ...maps]);
    }
  }
}

type Step = { readonly kind: (typeof KINDS)[number]; readonly choice: number; readonly amount: number };
const KINDS = ["allocate", "get", "put", "pin", "unpin", "map", "unmap", "split", "list", "freeze", "fail", "hugeZero", "misuse"] as const;

/** One random operation on both, with the answer that the model expects. */
const steps: Readonly<Record<(typeof KINDS)[number], (world: World, choice: number, amount: number) => void>> = {
  allocate(world, choice) {
    const order = choice % (MAXIMUM_ORDER + 1);
    const hasFree = world.hasFree(order);
    const pfn = world.folios.allocate(order);
    expect(pfn !== NO_FRAME).toBe(hasFree);
    if (pfn === NO_FRAME) return;
    expect(pfn % 2 ** order).toBe(0);
    for (let frame = pfn; frame < pfn + 2 ** order; frame++) expect(world.ownersOf(frame)).toBe(0);
    world.model.push({ pfn, order, references: 1, pins: 0, maps: Array<number>(2 ** order).fill(0), isListed: false });
  },
  get(world, choice, amount) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    world.folios.get(folio.pfn + (amount % 2 ** folio.order));
    folio.references++;
  },
  put(world, choice, amount) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    const put = (): boolean => world.folios.put(folio.pfn + (amount % 2 ** folio.order));
    if (folio.references === 0) return world.refuses(put, "FOLIO_PINNED");
    if (folio.references === 1 && folio.pins === 0 && isBusy(folio)) return world.refuses(put, "FOLIO_BUSY");
    folio.references--;
    expect(put()).toBe(folio.references + folio.pins === 0);
    if (folio.references + folio.pins === 0) world.model.splice(world.model.indexOf(folio), 1);
  },
  pin(world, choice) {
    const folio = world.pick(choice);
    if (folio === undefined || folio.pins > 5) return;
    expect(world.folios.pin(folio.pfn)).toBe(true);
    folio.pins++;
  },
  unpin(world, choice) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    const unpin = (): boolean => world.folios.unpin(folio.pfn);
    if (folio.pins === 0) return world.refuses(unpin, "FOLIO_NOT_PINNED");
    if (folio.pins + folio.references === 1 && isBusy(folio)) return world.refuses(unpin, "FOLIO_BUSY");
    folio.pins--;
    expect(unpin()).toBe(folio.references + folio.pins === 0);
    if (folio.references + folio.pins === 0) world.model.splice(world.model.indexOf(folio), 1);
  },
  map(world, choice, amount) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    const page = amount % 2 ** folio.order;
    expect(world.folios.addRmap(folio.pfn + page)).toBe(folio.maps[page] === 0);
    folio.maps[page]!++;
  },
  unmap(world, choice, amount) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    const page = amount % 2 ** folio.order;
    const unmap = (): boolean => world.folios.removeRmap(folio.pfn + page);
    if (folio.maps[page] === 0) return world.refuses(unmap, "FOLIO_NOT_MAPPED");
    expect(unmap()).toBe(folio.maps[page] === 1);
    folio.maps[page]!--;
  },
  split(world, choice, amount) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    const newOrder = amount % (folio.order + 1);
    const split = (): boolean => world.folios.split(folio.pfn, newOrder);
    if (newOrder === folio.order) return world.refuses(split, "FOLIO_BAD_ORDER");
    const isAlone = folio.references === 1 && folio.pins === 0;
    expect(split()).toBe(isAlone);
    if (!isAlone) return;
    const pages = 2 ** newOrder;
    const pieces = Array.from({ length: 2 ** (folio.order - newOrder) }, (_, nth) => ({
      ...folio, pfn: folio.pfn + nth * pages, order: newOrder, maps: folio.maps.slice(nth * pages, (nth + 1) * pages), isListed: folio.isListed && nth === 0,
    }));
    world.model.splice(world.model.indexOf(folio), 1, ...pieces);
  },
  list(world, choice, amount) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    if (folio.isListed) world.lists.remove([0, 1].find((list) => listed(world, list).includes(folio.pfn))!, folio.pfn);
    else world.lists[amount % 2 === 0 ? "addFirst" : "addLast"](amount % 2, folio.pfn);
    folio.isListed = !folio.isListed;
  },
  freeze(world, choice) {
    const folio = world.pick(choice);
    if (folio === undefined) return;
    expect(world.folios.freeze(folio.pfn, world.folios.refcount(folio.pfn) + 1)).toBe(false);
    if (folio.pins > 0) {
      expect(world.folios.freeze(folio.pfn, world.folios.refcount(folio.pfn))).toBe(false);
      return;
    }
    expect(world.folios.freeze(folio.pfn, folio.references)).toBe(true);
    expect(world.folios.tryGet(folio.pfn)).toBe(false);
    world.refuses(() => world.folios.put(folio.pfn), "FOLIO_NOT_REFERENCED");
    world.folios.unfreeze(folio.pfn, folio.references);
  },
  fail(world, choice) {
    world.folios.failAllocation(1);
    expect(world.folios.allocate(choice % (MAXIMUM_ORDER + 1))).toBe(NO_FRAME);
  },
  hugeZero(world) {
    const hadIt = world.folios.hugeZeroPfn() !== NO_FRAME;
    const hasFree = world.hasFree(2);
    const pfn = world.folios.hugeZeroFrame();
    expect(pfn !== NO_FRAME).toBe(hadIt || hasFree);
    if (pfn === NO_FRAME) return;
    for (let frame = pfn; frame < pfn + 4; frame++) {
      if (!hadIt) expect(world.ownersOf(frame)).toBe(0);
      world.zeroFrames.add(frame);
    }
    if (!hadIt) world.peak = Math.max(world.peak, world.folios.peakFrames);
  },
  misuse(world, choice, amount) {
    const frame = choice % (FRAMES + DEVICES);
    world.refuses(() => world.folios.allocate(MAXIMUM_ORDER + 1 + amount), "FOLIO_BAD_ORDER");
    world.refuses(() => world.folios.get(FRAMES + DEVICES + choice), "FOLIO_BAD_FRAME");
    if (world.ownersOf(frame) > 0) return;
    world.refuses(() => world.folios.put(frame), "FOLIO_NOT_REFERENCED");
    if (frame < FRAMES) expect(world.folios.tryGet(frame)).toBe(false);
  },
};

const isBusy = ({ maps, isListed }: ModelFolio): boolean => isListed || maps.some((count) => count > 0);

function listed(world: World, list: number): number[] {
  const folios: number[] = [];
  for (let pfn = world.lists.first(list); pfn !== 0; pfn = world.lists.next(pfn)) folios.push(pfn);
  return folios;
}

describe("accounting", () => {
  test("finds every frame in exactly one place after any operations, and refused ones change nothing", () => {
    const step: fc.Arbitrary<Step> = fc.record({ kind: fc.constantFrom(...KINDS, "allocate" as const), choice: fc.nat(1000), amount: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (script) => {
        const world = new World();
        for (const { kind, choice, amount } of script) {
          steps[kind](world, choice, amount);
          world.check();
        }
        expect(world.folios.peakFrames).toBe(world.peak);
        drain(world);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

/** Everybody lets go of everything: then all frames are free, in the largest blocks that there can be. */
function drain(world: World): void {
  const { folios, lists, model } = world;
  for (const { pfn, references, pins, maps, isListed } of [...model]) {
    maps.forEach((count, page) => {
      for (let map = 0; map < count; map++) folios.removeRmap(pfn + page);
    });
    if (isListed) lists.remove(listed(world, 0).includes(pfn) ? 0 : 1, pfn);
    for (let reference = 0; reference < references; reference++) folios.put(pfn);
    for (let pin = 0; pin < pins; pin++) folios.unpin(pfn);
  }
  model.length = 0;
  world.check();
}
