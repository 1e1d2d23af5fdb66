import { get } from "./client";
import type { Paper } from "./documents";

/** The number of papers that one request names, so that its address stays short. */
const AT_ONCE = 100;

/** Gets papers by their ids, in their order. */
export async function getPapersByIds(ids: readonly string[], signal?: AbortSignal): Promise<Paper[]> {
    const found: Paper[] = [];
    for (let first = 0; first < ids.length; first += AT_ONCE) {
        found.push(...(await get<Paper[]>("export", { format: "json", id: ids.slice(first, first + AT_ONCE) }, signal)));
    }
    return found;
}
