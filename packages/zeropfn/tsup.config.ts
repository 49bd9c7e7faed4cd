import { oneBuild } from "../../tsup.preset.ts";

export default oneBuild();
