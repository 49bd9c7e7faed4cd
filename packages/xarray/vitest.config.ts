import { packageTests } from "../../vitest.preset.ts";

export default packageTests("xarray", import.meta.dirname);
