import { type Background, noBackground, noTracer, type Tracer } from "@zeropfn/state";
import type { ContentOperationsFactory } from "./content/content-operations.ts";
import { FolioError } from "./errors.ts";
import { HPAGE_PMD_ORDER, MAX_PAGE_ORDER, ORDER } from "./layout.ts";

/** How much memory a machine has, and of what kind. */
export interface FoliosOptions {
  /** Frames of DRAM, the zero page among them: integer, 1 … 2^31-1. */
  readonly frameCount: number;
  /** Frames of persistent memory after them: bytes and columns as all have, but never allocated. Default 0. */
  readonly deviceFrameCount?: number;
  /** A page has 2^`pageShift` bytes: 3 … 30. Default 12, the kernel's PAGE_SHIFT on x86-64. */
  readonly pageShift?: number;
  /** The largest block is 2^`maximumOrder` frames: 0 … 15. Default 10, the kernel's MAX_PAGE_ORDER. */
  readonly maximumOrder?: number;
  /** The huge zero page is 2^`hugeZeroOrder` frames: 0 … `maximumOrder`. Default 9, or `maximumOrder` where that is less. */
  readonly hugeZeroOrder?: number;
  /** False: only columns, for machines larger than the host. Loads give 0, stores are dropped, every page is zero. Default true. */
  readonly hasBytes?: boolean;
  /** Operations on page bytes. Default: SIMD where the engine has it, else typed arrays. */
  readonly content?: ContentOperationsFactory;
  /** Told of "pgalloc_normal", "pgfree", "thp_zero_page_alloc" and "thp_zero_page_alloc_failed", as /proc/vmstat names them. Default: nobody. */
  readonly tracer?: Tracer;
  /** What goes on beside the only thread of an ordinary run, and may unlock a folio that it waits for. Default: nothing. */
  readonly background?: Background;
}

/** Options with their defaults filled in, checked. */
export interface MachineMemory {
  readonly frameCount: number;
  /** Device frames included. */
  readonly totalFrames: number;
  readonly pageShift: number;
  readonly maximumOrder: number;
  readonly hugeZeroOrder: number;
  readonly hasBytes: boolean;
  readonly content: ContentOperationsFactory | undefined;
  readonly tracer: Tracer;
  readonly background: Background;
}

/** @throws {FolioError} FOLIO_BAD_OPTION */
export function machineMemory(options: FoliosOptions): MachineMemory {
  const { frameCount, deviceFrameCount = 0, pageShift = 12, maximumOrder = MAX_PAGE_ORDER, hasBytes = true, content } = options;
  const { hugeZeroOrder = Math.min(HPAGE_PMD_ORDER, maximumOrder), tracer = noTracer, background = noBackground } = options;
  check("frameCount", frameCount, 1, 2 ** 31 - 1);
  check("deviceFrameCount", deviceFrameCount, 0, 2 ** 31 - 1 - frameCount);
  check("pageShift", pageShift, 3, 30);
  check("maximumOrder", maximumOrder, 0, ORDER);
  check("hugeZeroOrder", hugeZeroOrder, 0, maximumOrder);
  return { frameCount, totalFrames: frameCount + deviceFrameCount, pageShift, maximumOrder, hugeZeroOrder, hasBytes, content, tracer, background };
}

function check(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new FolioError("FOLIO_BAD_OPTION", `${option} is ${value}, expected an integer from ${least} to ${most}`);
}
