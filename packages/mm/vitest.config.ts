import { packageTests } from "../../vitest.preset.ts";

export default packageTests("mm", import.meta.dirname);
