export { columnAllocatorConformance } from "./column-allocator.ts";
export { same, type TestRunner } from "./test-runner.ts";
