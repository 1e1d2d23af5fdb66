import { get, libraryName } from "../api/client";
import type { Facets, PaperList } from "../api/documents";
import { type Answer, useAnswer } from "./answer";

/** The dates by which papers are new. */
export type By = "published" | "added";

/** The times that count as new: until today, or the last ones of the library, or since a date of one's own. */
export const WINDOWS = ["week", "month", "year", "latest"] as const;
export type WindowName = (typeof WINDOWS)[number] | "since";

/** The number of papers that the latest time has at least, if the library has enough. */
const LATEST = 20;

export interface Window {
    name: (typeof WINDOWS)[number];
    since: string;
    papers: number;
}

/** Returns the day that is so many days before another one. */
function daysBefore(day: string, days: number): string {
    return new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
}

/** Returns the parameter of the server that restricts papers to a time. */
export function restriction(by: By, since: string): { since: string } | { added_since: string } {
    return by === "added" ? { added_since: since } : { since };
}

/**
 * Returns the times with their numbers of papers. The papers of a library may all be old: then `latest`, which begins
 * on the date of one of the latest papers, has some.
 */
export function useWindows(by: By): Answer<Window[]> {
    return useAnswer(JSON.stringify([libraryName.value, by]), async (signal) => {
        const { papers } = await get<PaperList>("papers", { sort: by, reverse: true, not_list: ["hidden"], limit: LATEST }, signal);
        const dates = papers.map((paper) => (by === "added" ? paper.added : (paper.published ?? paper.year?.toString().padStart(4, "0"))));
        const latest = dates.findLast((date) => date !== undefined);
        const now = new Date();
        const today = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
        const starts: [Window["name"], string][] = [
            ["week", daysBefore(today, 7)],
            ["month", daysBefore(today, 31)],
            ["year", daysBefore(today, 366)],
        ];
        if (latest !== undefined) {
            starts.push(["latest", latest.slice(0, 10)]);
        }
        return Promise.all(
            starts.map(async ([name, since]) => {
                const facets = await get<Facets>("facets", { ...restriction(by, since), not_list: ["hidden"], limit: 1 }, signal);
                return { name, since, papers: facets.papers };
            }),
        );
    });
}
