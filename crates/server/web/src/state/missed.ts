import { effect, signal } from "@preact/signals";

import { libraryName, post, send } from "../api/client";
import type { Missed, Paper } from "../api/documents";
import { isCancelled } from "../api/problem";

/** The formats of drafts, with the ends of the names of their files. */
const ENDINGS = {
    plain: ["txt", "text"],
    latex: ["tex", "ltx", "latex"],
    markdown: ["md", "markdown", "qmd", "rmd"],
    typst: ["typ", "typst"],
    org: ["org"],
    rst: ["rst", "rest"],
    docx: ["docx"],
} as const;
export type DraftFormat = keyof typeof ENDINGS;

/** The formats of lists of references, as the ends of the names of their files. */
const REFERENCES = ["bib", "ris", "json", "nbib", "enw", "xml", "csv"];

const WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/** The number of papers that are asked for first, and that one asks for further. */
export const STEP = 20;

/** The names of files that can be chosen. */
export const ACCEPTED = [...Object.values(ENDINGS).flat(), ...REFERENCES].map((ending) => `.${ending}`).join(",");

export interface Draft {
    name: string;
    format: DraftFormat;
    content: string | Blob;
}

// The draft and what was decided stay here while other views are open, and nowhere else.
export const draft = signal<Draft | undefined>(undefined);
export const references = signal<{ name: string; content: string } | undefined>(undefined);
export const count = signal(STEP);
export const missed = signal<Missed | undefined>(undefined);
export const failure = signal<unknown>(undefined);
export const isComparing = signal(false);
export const accepted = signal<readonly Paper[]>([]);
export const rejected = signal<ReadonlySet<string>>(new Set());

let running: AbortController | undefined;

effect(() => {
    // Another library has other papers.
    libraryName.value;
    forget();
    accepted.value = [];
    rejected.value = new Set();
});

function forget(): void {
    running?.abort();
    missed.value = undefined;
    failure.value = undefined;
    isComparing.value = false;
    count.value = STEP;
}

/** Removes the draft, with its references and with what was decided about it. */
export function removeDraft(): void {
    forget();
    draft.value = undefined;
    references.value = undefined;
    accepted.value = [];
    rejected.value = new Set();
}

/** Returns the format of a text that was pasted. */
export function guessFormat(text: string): DraftFormat {
    return /\\(documentclass|begin|section|cite\w*)\b/.test(text) ? "latex" : /^#{1,6} \S|\[@\w|^---\n/m.test(text) ? "markdown" : "plain";
}

/** Takes a draft and a list of references from files, and returns the names of those that are neither. */
export async function take(files: readonly File[]): Promise<string[]> {
    const unknown: string[] = [];
    let next: Draft | undefined;
    for (const file of files) {
        const ending = file.name.split(".").pop()?.toLowerCase() ?? "";
        const format = (Object.keys(ENDINGS) as DraftFormat[]).find((name) => (ENDINGS[name] as readonly string[]).includes(ending));
        if (format !== undefined && next === undefined) {
            next = { name: file.name, format, content: format === "docx" ? file : await textOf(file) };
        } else if (REFERENCES.includes(ending)) {
            references.value = { name: file.name, content: await textOf(file) };
        } else {
            unknown.push(file.name);
        }
    }
    if (next !== undefined) {
        // The draft before had other references.
        if (draft.value !== undefined && !files.some((file) => file.name === references.value?.name)) {
            references.value = undefined;
        }
        setDraft(next);
    } else if (draft.value !== undefined && unknown.length < files.length) {
        void compare();
    }
    return unknown;
}

/** Compares a draft. The references stay, since they may have come first. */
export function setDraft(next: Draft): void {
    forget();
    accepted.value = [];
    rejected.value = new Set();
    draft.value = next;
    void compare();
}

async function textOf(file: Blob): Promise<string> {
    const bytes = await file.arrayBuffer();
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder("windows-1252").decode(bytes);
    }
}

/** Asks the server what the draft misses. */
export async function compare(): Promise<void> {
    const { value: compared } = draft;
    if (compared === undefined) {
        return;
    }
    running?.abort();
    const controller = new AbortController();
    running = controller;
    isComparing.value = true;
    failure.value = undefined;
    try {
        missed.value = await ask(compared, controller.signal);
        isComparing.value = false;
    } catch (error) {
        if (!isCancelled(error) && running === controller) {
            failure.value = error;
            isComparing.value = false;
        }
    }
}

async function ask({ format, content }: Draft, signal: AbortSignal): Promise<Missed> {
    const parameters = { k: count.value, not_list: ["hidden"] };
    if (typeof content !== "string") {
        const init = { method: "POST", body: content, headers: { "content-type": WORD }, signal };
        return (await send("missed", init, parameters)).json();
    }
    return post<Missed>("missed", { ...parameters, text: content, format, bibliography_file: references.value }, signal);
}

/** Shows more papers. */
export function compareFurther(most: number): void {
    count.value = Math.min(count.value + STEP, most);
    void compare();
}

/** Accepts a paper, or takes that back. */
export function toggleAccepted(paper: Paper): void {
    const others = accepted.value.filter(({ id }) => id !== paper.id);
    accepted.value = others.length < accepted.value.length ? others : [...others, paper];
}

/** Hides a paper. */
export function reject(paper: Paper): void {
    accepted.value = accepted.value.filter(({ id }) => id !== paper.id);
    rejected.value = new Set(rejected.value).add(paper.id);
}

export function showRejected(): void {
    rejected.value = new Set();
}
