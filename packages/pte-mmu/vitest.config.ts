import { packageTests } from "../../vitest.preset.ts";

export default packageTests("pte-mmu", import.meta.dirname);
