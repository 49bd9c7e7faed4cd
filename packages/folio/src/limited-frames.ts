import { type ColumnAllocator, leaves } from "@zeropfn/state";
import { FolioError } from "./errors.ts";
import type { FrameSource } from "./frame-source.ts";
import { NO_FRAME } from "./layout.ts";

export interface LimitedFramesOptions {
  /** Frames that may be in use at once: integer, 0 … 2^32-1. */
  readonly limit: number;
  /** Tells the columns of several limits in one machine apart. */
  readonly name: string;
}

/**
 * At most so many frames of another source: what a control group with a memory limit may use.
 *
 * @kernel try_charge_memcg() — mm/memcontrol.c, v6.18
 * @differs Nothing is reclaimed at the limit, and there is no tree of groups.
 */
export class LimitedFrames implements FrameSource {
  static {
    if (__EXPLORE__) leaves(LimitedFrames, "folio/limit", { charge: {}, uncharge: {} });
  }
  readonly #source: FrameSource;
  readonly #limit: number;
  readonly #used: Uint32Array<ArrayBuffer>;

  /** @throws {FolioError} FOLIO_BAD_OPTION */
  constructor(columns: ColumnAllocator, source: FrameSource, { limit, name }: LimitedFramesOptions) {
    if (limit >>> 0 !== limit) throw new FolioError("FOLIO_BAD_OPTION", `limit is ${limit}, expected an integer from 0 to 2^32-1`);
    this.#source = source;
    this.#limit = limit;
    this.#used = columns.u32(`limit.${name}`, 1);
  }

  get maximumOrder(): number {
    return this.#source.maximumOrder;
  }
  get usedFrames(): number {
    return this.#used[0];
  }
  allocate(order: number): number {
    if (order >>> 0 !== order || order > this.maximumOrder) throw new FolioError("FOLIO_BAD_ORDER", `allocate: order ${order}, expected an integer from 0 to ${this.maximumOrder}`);
    if (!this.charge(1 << order)) return NO_FRAME;
    const pfn = this.#source.allocate(order);
    if (pfn === NO_FRAME) this.uncharge(1 << order);
    return pfn;
  }
  get(pfn: number): void {
    this.#source.get(pfn);
  }
  put(pfn: number): boolean {
    const frames = 1 << this.#source.order(pfn);
    if (!this.#source.put(pfn)) return false;
    this.uncharge(frames);
    return true;
  }
  refcount(pfn: number): number {
    return this.#source.refcount(pfn);
  }
  order(pfn: number): number {
    return this.#source.order(pfn);
  }

  /** One step of `allocate`: false if that would pass the limit. @kernel page_counter_try_charge() — mm/page_counter.c, v6.18 */
  charge(frames: number): boolean {
    if (this.#used[0] + frames > this.#limit) return false;
    this.#used[0] += frames;
    return true;
  }
  /** Gives back what was charged. @kernel page_counter_uncharge() — mm/page_counter.c, v6.18 */
  uncharge(frames: number): void {
    this.#used[0] -= frames;
  }
}
