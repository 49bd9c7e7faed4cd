import { packageTests } from "../../vitest.preset.ts";

export default packageTests("explore", import.meta.dirname);
