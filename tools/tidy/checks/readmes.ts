import { existsSync } from "node:fs";
import { join } from "node:path";
import { firstExample } from "../../readme/example.ts";
import { isEmpty, readText, type Workspace } from "../workspace.ts";

const MOST_LINES = 24;

/** Every package says what it models, and shows it in a short example, which the tests run. */
export const readmes = (workspace: Workspace): string[] =>
  workspace.packages
    .filter((each) => !isEmpty(each))
    .flatMap(({ folder }) => {
      const path = `${folder}/README.md`;
      if (!existsSync(join(workspace.root, path))) return [`${path} is missing`];
      const example = firstExample(readText(workspace, path));
      if (example === undefined) return [`${path} has no example in a \`\`\`ts block`];
      const { length } = example.split("\n").filter((line) => line.trim() !== "");
      return length > MOST_LINES ? [`${path}: its example has ${length} lines, expected at most ${MOST_LINES}`] : [];
    });
