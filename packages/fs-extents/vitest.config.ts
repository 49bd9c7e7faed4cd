import { packageTests } from "../../vitest.preset.ts";

export default packageTests("fs-extents", import.meta.dirname);
