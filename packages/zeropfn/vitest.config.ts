import { packageTests } from "../../vitest.preset.ts";

export default packageTests("zeropfn", import.meta.dirname);
