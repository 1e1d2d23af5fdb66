import { address, send } from "../api/client";

/** The formats in which papers are exported, as the server names them. */
export const FORMATS = { bibtex: "BibTeX", ris: "RIS", "csl-json": "CSL-JSON", csv: "CSV", jsonl: "JSON Lines" } as const;
export type Format = keyof typeof FORMATS;

/** Returns papers in a format, in the order of their ids. */
export async function papersAs(format: Format, ids: readonly string[]): Promise<string> {
    return (await send("export", {}, { format, id: ids })).text();
}

/** Returns an item of a list in Markdown that cites a paper. */
export function asMarkdown(paper: { title: string; authors: string[]; year: number | null; venue: string | null; url: string | null; doi: string | null; arxiv: string | null }): string {
    const target = paper.doi !== null ? `https://doi.org/${encodeURI(paper.doi)}` : paper.arxiv !== null ? `https://arxiv.org/abs/${paper.arxiv}` : paper.url;
    const title = paper.title.replace(/([\\`*_[\]<>#])/g, "\\$1");
    const authors = paper.authors.length > 3 ? `${paper.authors[0]} et al.` : paper.authors.join(", ");
    const details = [authors, paper.venue, paper.year === null ? undefined : String(paper.year)].filter(Boolean);
    return `- ${target === null ? title : `[${title}](<${target}>)`}${details.length > 0 ? `. ${details.join(", ")}` : ""}`;
}

/** Puts a text on the clipboard. Pages that are not secure have only the older way. */
export async function copy(text: string): Promise<void> {
    if (navigator.clipboard !== undefined) {
        return navigator.clipboard.writeText(text);
    }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
}

/** Saves what a route answers as a file. */
export async function download(path: string, parameters: Parameters<typeof address>[1], name: string): Promise<void> {
    const content = await (await send(path, {}, parameters)).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
