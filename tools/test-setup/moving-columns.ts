import { moveColumnsAtEveryOperation } from "@zeropfn/state";

moveColumnsAtEveryOperation(true);
