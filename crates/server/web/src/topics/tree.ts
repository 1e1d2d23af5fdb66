import type { Topics } from "../api/documents";

/** The resolutions of the levels, the coarsest first. */
export const RESOLUTIONS = [1, 4, 16] as const;

/** A topic of some level, with the papers that it has of its parent. */
export interface Node {
    /** The name of the topic in the address of the page, or `undefined` for the papers that are in no topic. */
    key: string | undefined;
    words: readonly string[];
    /** The ids of its papers, the central ones first. */
    ids: readonly string[];
}

/** Returns the topics of the coarsest level. */
export function roots(topics: Topics): Node[] {
    return withKeys(topics.topics.map(({ words, ids }) => ({ words, ids })));
}

/**
 * Returns the topics within a topic: those of the next level, `finer`, that have more papers in it than in any other
 * topic of its level, and the papers that are in none of these. A topic with one of them alone is not divided.
 */
export function children(parent: Node, siblings: readonly Node[], finer: Topics): Node[] {
    const owners = new Map<string, number>();
    siblings.forEach((node, index) => node.ids.forEach((id) => owners.set(id, index)));
    const at = siblings.indexOf(parent);
    const within = finer.topics
        .filter(({ ids }) => mostFrequent(ids, owners) === at)
        .map(({ words, ids }) => ({ words, ids: ids.filter((id) => owners.get(id) === at) }));
    if (within.length < 2) {
        return [];
    }
    const found = withKeys(within.sort((one, other) => other.ids.length - one.ids.length));
    const placed = new Set(within.flatMap(({ ids }) => ids));
    const others = parent.ids.filter((id) => !placed.has(id));
    return others.length > 0 ? [...found, { key: undefined, words: [], ids: others }] : found;
}

function mostFrequent(ids: readonly string[], owners: ReadonlyMap<string, number>): number | undefined {
    const counts = new Map<number, number>();
    let best: number | undefined;
    for (const id of ids) {
        const owner = owners.get(id);
        if (owner !== undefined) {
            const count = (counts.get(owner) ?? 0) + 1;
            counts.set(owner, count);
            if (best === undefined || count > counts.get(best)!) {
                best = owner;
            }
        }
    }
    return best;
}

/** Names topics by their first words. Of several with the same ones, the later ones have a number too. */
function withKeys(topics: readonly Omit<Node, "key">[]): Node[] {
    const counts = new Map<string, number>();
    return topics.map((topic) => {
        const name = topic.words.slice(0, 3).join(" ").replaceAll(" ", "-") || "-";
        const count = (counts.get(name) ?? 0) + 1;
        counts.set(name, count);
        return { ...topic, key: count === 1 ? name : `${name}~${count}` };
    });
}
