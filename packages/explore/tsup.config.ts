import { twoBuilds } from "../../tsup.preset.ts";

export default twoBuilds({ entry: { index: "src/index.ts", vitest: "src/vitest.ts", "known-answers": "src/known-answers/main.ts" } });
