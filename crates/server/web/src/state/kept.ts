import { library } from "./server";

/** The most texts of one kind that are kept for a library; older ones are forgotten. */
const MOST = 5_000;

function keyOf(kind: string): string {
    return `cognate-${kind}:${library.value?.name ?? ""}`;
}

/** Returns the texts of a kind that this browser keeps for the library, the oldest first. */
export function kept(kind: string): ReadonlySet<string> {
    try {
        const texts: unknown = JSON.parse(localStorage.getItem(keyOf(kind)) ?? "[]");
        return new Set(Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : []);
    } catch {
        return new Set();
    }
}

/** Keeps further texts for the library in this browser, and returns all of the kind. */
export function keep(kind: string, further: Iterable<string>): ReadonlySet<string> {
    return store(kind, [...kept(kind), ...further]);
}

/** Forgets all texts of a kind. */
export function forgetKept(kind: string): ReadonlySet<string> {
    return store(kind, []);
}

function store(kind: string, texts: readonly string[]): ReadonlySet<string> {
    const all = [...new Set(texts)].slice(-MOST);
    try {
        localStorage.setItem(keyOf(kind), JSON.stringify(all));
    } catch {
        // A browser that keeps nothing shows again what was seen.
    }
    return new Set(all);
}
