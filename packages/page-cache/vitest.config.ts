import { packageTests } from "../../vitest.preset.ts";

export default packageTests("page-cache", import.meta.dirname);
