import { oneBuild } from "../../tsup.preset.ts";

export default oneBuild({ entry: { index: "src/index.ts", fio: "src/fio/index.ts", lackey: "src/lackey/index.ts", "host-log": "src/host-log/index.ts" } });
