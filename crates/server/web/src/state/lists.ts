import { signal } from "@preact/signals";

import { inPath, send } from "../api/client";
import type { Paper } from "../api/documents";
import { announce, fail } from "./messages";
import { strings } from "../text/language";

/** The lists that every library has. */
export const BUILT_IN = ["liked", "disliked", "read", "hidden"] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

/** Lists of papers that were changed since the papers were read, by the ids of the papers. */
const changed = signal<ReadonlyMap<string, ReadonlySet<string>>>(new Map());

/** Notes that were changed since the papers were read, by the ids of the papers and the names of the lists. */
const notes = signal<ReadonlyMap<string, string>>(new Map());

/** Increases with each change of a list that the server has made. */
export const listsVersion = signal(0);

/** Returns the names of the lists that a paper is on. */
export function listsOf(paper: Paper): ReadonlySet<string> {
    return changed.value.get(paper.id) ?? new Set(paper.lists?.map((entry) => entry.name));
}

/** Returns the note on a paper on a list, or an empty text. */
export function noteOn(paper: Paper, list: string): string {
    return notes.value.get(JSON.stringify([paper.id, list])) ?? paper.lists?.find(({ name }) => name === list)?.note ?? "";
}

function setLists(id: string, names: ReadonlySet<string>): void {
    changed.value = new Map(changed.value).set(id, names);
}

/** Forgets the changes, for another library. */
export function forgetChanges(): void {
    changed.value = new Map();
    notes.value = new Map();
}

/** Puts papers on a list, or takes them off, at once on the page and then in the library. */
export async function setOnList(papers: readonly Paper[], list: string, isOn: boolean): Promise<void> {
    const before = papers.map((paper) => [paper.id, listsOf(paper)] as const);
    for (const [id, names] of before) {
        const after = new Set(names);
        // A paper that is liked is not disliked, and the reverse.
        const opposite = { liked: "disliked", disliked: "liked" }[list];
        if (isOn) {
            after.add(list);
            opposite !== undefined && after.delete(opposite);
        } else {
            after.delete(list);
        }
        setLists(id, after);
    }
    try {
        if (isOn) {
            const body = JSON.stringify({ ids: papers.map((paper) => paper.id) });
            await change("POST", `lists/${encodeURIComponent(list)}/papers`, body);
            for (const [id, names] of before) {
                const opposite = { liked: "disliked", disliked: "liked" }[list];
                if (opposite !== undefined && names.has(opposite)) {
                    await change("DELETE", `lists/${opposite}/papers/${inPath(id)}`);
                }
            }
        } else {
            for (const paper of papers) {
                await change("DELETE", `lists/${encodeURIComponent(list)}/papers/${inPath(paper.id)}`);
            }
        }
        announce(strings.value[isOn ? "putOnList" : "takenOffList"](papers.length, strings.value.listNames[list] ?? list));
        listsVersion.value += 1;
    } catch (error) {
        before.forEach(([id, names]) => setLists(id, names));
        fail(error);
    }
}

/** Puts a paper on a list, or takes it off if it is on it. */
export function toggle(paper: Paper, list: string): Promise<void> {
    return setOnList([paper], list, !listsOf(paper).has(list));
}

/** Sets the note on a paper on a list; an empty one removes it. Returns whether the server has kept it. */
export async function setNote(paper: Paper, list: string, note: string): Promise<boolean> {
    try {
        await change("PUT", `lists/${encodeURIComponent(list)}/papers/${inPath(paper.id)}`, JSON.stringify({ note }));
        notes.value = new Map(notes.value).set(JSON.stringify([paper.id, list]), note);
        announce(strings.value.noteSaved);
        listsVersion.value += 1;
        return true;
    } catch (error) {
        fail(error);
        return false;
    }
}

function change(method: string, path: string, body?: string): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return send(path, body === undefined ? { method } : { method, body, headers });
}
