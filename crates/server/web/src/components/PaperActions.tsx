import type { Paper } from "../api/documents";
import { BUILT_IN, listsOf, toggle } from "../state/lists";
import { announce, fail } from "../state/messages";
import { canWrite } from "../state/server";
import { asMarkdown, copy, type Format, FORMATS, papersAs } from "../text/copy";
import { strings } from "../text/language";
import { Icon, type IconName } from "./Icon";

const ICONS: Record<(typeof BUILT_IN)[number], IconName> = { liked: "like", disliked: "dislike", read: "read", hidden: "hide" };

/** Copies papers in a format, and says so. */
export async function copyPapers(papers: readonly Paper[], format: Format | "markdown"): Promise<void> {
    try {
        const isMarkdown = format === "markdown";
        const text = isMarkdown ? papers.map(asMarkdown).join("\n") : await papersAs(format, papers.map((paper) => paper.id));
        await copy(text);
        announce(strings.value.copied(isMarkdown ? "Markdown" : FORMATS[format]));
    } catch (error) {
        fail(error);
    }
}

/** The buttons of a paper: the lists that every library has, and a copy as BibTeX or, with `all`, in other formats. */
export function PaperActions({ paper, all = false }: { paper: Paper; all?: boolean }) {
    const texts = strings.value;
    const lists = listsOf(paper);
    const formats: (Format | "markdown")[] = all ? ["bibtex", "ris", "markdown"] : ["bibtex"];
    return (
        <div class="actions" role="group" aria-label={texts.actions}>
            {canWrite.value &&
                BUILT_IN.map((list) => (
                    <button key={list} type="button" class={`toggle ${list}`} aria-pressed={lists.has(list)} title={texts[list]} onClick={() => void toggle(paper, list)}>
                        <Icon name={ICONS[list]} />
                        <span>{texts[list]}</span>
                    </button>
                ))}
            {formats.map((format) => {
                const name = format === "markdown" ? "Markdown" : FORMATS[format];
                return (
                    <button key={format} type="button" class="toggle" title={texts.copyAs(name)} aria-label={texts.copyAs(name)} onClick={() => void copyPapers([paper], format)}>
                        <Icon name="copy" />
                        <span>{name}</span>
                    </button>
                );
            })}
        </div>
    );
}
