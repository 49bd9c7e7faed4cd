export { columnAllocatorConformance, type ConformanceRunner } from "./column-allocator.ts";
