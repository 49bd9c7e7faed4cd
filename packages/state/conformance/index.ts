export { columnAllocatorConformance } from "./column-allocator.ts";
export { holds, same, type TestRunner } from "./suite.ts";
