import { twoBuilds } from "../../tsup.preset.ts";

export default twoBuilds();
