import { packageTests } from "../../vitest.preset.ts";

export default packageTests("units", import.meta.dirname);
