import { writeFileSync } from "node:fs";
import { assembleContentModule } from "./assemble.ts";
import { MODULE_FILE, moduleFileText } from "./module-file.ts";

writeFileSync(MODULE_FILE, moduleFileText(await assembleContentModule()));
