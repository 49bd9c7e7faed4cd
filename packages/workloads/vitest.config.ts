import { packageTests } from "../../vitest.preset.ts";

export default packageTests("workloads", import.meta.dirname);
