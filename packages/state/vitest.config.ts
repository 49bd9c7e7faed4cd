import { packageTests } from "../../vitest.preset.ts";

export default packageTests("state", import.meta.dirname);
