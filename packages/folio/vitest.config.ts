import { packageTests } from "../../vitest.preset.ts";

export default packageTests("folio", import.meta.dirname);
