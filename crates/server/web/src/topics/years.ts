import { send } from "../api/client";

/** Years of papers by their ids. Papers without a year are left out. */
export type Years = ReadonlyMap<string, number>;

let kept: { key: string; years: Years } | undefined;

/**
 * Reads the year of each paper of the library. No route has the years alone, so that all fields of the papers are
 * read; `show` is called with the number of papers so far. What was read for the same key is kept.
 */
export async function readYears(key: string, show: (papers: number) => void, signal: AbortSignal): Promise<Years> {
    if (kept?.key === key) {
        return kept.years;
    }
    const answer = await send("export", { signal }, { format: "jsonl" });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const years = new Map<string, number>();
    let papers = 0;
    let rest = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
        const lines = (rest + read.value).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
            const { id, year } = JSON.parse(line) as { id: string; year: number | null };
            year !== null && years.set(id, year);
            papers += 1;
        }
        show(papers);
    }
    kept = { key, years };
    return years;
}

/** Returns the mean year of papers, or `undefined` if none has one. */
export function meanYear(ids: readonly string[], years: Years): number | undefined {
    let sum = 0;
    let count = 0;
    for (const id of ids) {
        const year = years.get(id);
        if (year !== undefined) {
            sum += year;
            count += 1;
        }
    }
    return count === 0 ? undefined : sum / count;
}

/** Returns the number of papers in each year. */
export function countYears(ids: readonly string[], years: Years): Map<number, number> {
    const counts = new Map<number, number>();
    for (const id of ids) {
        const year = years.get(id);
        year !== undefined && counts.set(year, (counts.get(year) ?? 0) + 1);
    }
    return counts;
}
