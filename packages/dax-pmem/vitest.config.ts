import { packageTests } from "../../vitest.preset.ts";

export default packageTests("dax-pmem", import.meta.dirname);
