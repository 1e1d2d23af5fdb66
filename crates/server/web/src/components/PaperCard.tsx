import type { ComponentChildren } from "preact";

import type { Explanation, Hit, Paper } from "../api/documents";
import { listsOf, BUILT_IN } from "../state/lists";
import { addressOfPaper } from "../state/route";
import { isSelected, toggleSelected } from "../state/selection";
import { date, number, strings } from "../text/language";
import { PaperActions } from "./PaperActions";
import { Text } from "./Text";

/** Returns the title of a paper, or a text in its place. */
export function titleOf(paper: Paper): string {
    return paper.title.trim() || paper.abstract.slice(0, 80).trim() || strings.value.noTitle;
}

/** One line on who published a paper, where and when. */
export function Source({ paper }: { paper: Paper }) {
    const authors = paper.authors.length > 4 ? `${paper.authors.slice(0, 3).join(", ")} … ${paper.authors.at(-1)}` : paper.authors.join(", ");
    const when = paper.published !== undefined ? date(paper.published) : paper.year === null ? "" : String(paper.year);
    return (
        <p class="source">
            {authors && <bdi class="authors">{authors}</bdi>}
            {paper.venue && <bdi class="venue">{paper.venue}</bdi>}
            {when && <time>{when}</time>}
            {paper.categories.slice(0, 4).map((category) => (
                <span key={category} class="category">
                    {category}
                </span>
            ))}
        </p>
    );
}

/** How near a hit is, and how it was found. */
function Nearness({ hit }: { hit: Hit }) {
    const texts = strings.value;
    const { percentile, found_by: foundBy } = hit;
    return (
        <p class="nearness">
            {hit.named && <strong>{texts.named}</strong>}
            {percentile !== undefined && percentile !== null && (
                <span title={texts.percentileHelp}>{texts.percentile(number(percentile, percentile < 99 ? 0 : 2))}</span>
            )}
            {foundBy && <span>{texts.foundBy[foundBy]}</span>}
            {hit.versions && hit.versions.length > 0 && <span>{texts.otherVersions(hit.versions.length)}</span>}
        </p>
    );
}

/** The sentence of a paper that is nearest to the query, or the beginning of its abstract. */
function Excerpt({ paper, explanation }: { paper: Paper; explanation?: Explanation | undefined }) {
    const sentence = explanation?.paper_sentence;
    const isTitle = sentence !== undefined && paper.title.includes(sentence.replace(/\.$/, ""));
    const text = sentence !== undefined && sentence !== "" && !isTitle ? sentence : paper.abstract;
    return (
        <p class={`excerpt${text === sentence ? " matched" : ""}`} dir="auto">
            <Text marked={explanation?.words}>{text}</Text>
        </p>
    );
}

export interface PaperCardProps {
    paper: Paper | Hit;
    explanation?: Explanation | undefined;
    /** Whether it is the paper that the keyboard acts on. */
    isCurrent?: boolean;
    /** More buttons, and more text below the paper. */
    actions?: ComponentChildren;
    children?: ComponentChildren;
    isDraggable?: boolean;
    isNew?: boolean;
}

/** A paper in a list. */
export function PaperCard({ paper, explanation, isCurrent = false, actions, children, isDraggable = false, isNew = false }: PaperCardProps) {
    const texts = strings.value;
    const title = titleOf(paper);
    const others = [...listsOf(paper)].filter((name) => !(BUILT_IN as readonly string[]).includes(name));
    return (
        <article
            class={`card${isCurrent ? " current" : ""}`}
            data-id={paper.id}
            draggable={isDraggable}
            onDragStart={(event) => event.dataTransfer?.setData("text/plain", paper.id)}
        >
            <input type="checkbox" aria-label={texts.select(title)} checked={isSelected(paper)} onChange={() => toggleSelected(paper)} />
            <div class="body">
                <h3>
                    <a href={addressOfPaper(paper.id)} dir="auto">
                        <Text marked={explanation?.words}>{title}</Text>
                    </a>
                    {isNew && <span class="badge">{texts.lately}</span>}
                </h3>
                <Source paper={paper} />
                {paper.abstract !== "" && <Excerpt paper={paper} explanation={explanation} />}
                {others.length > 0 && <p class="lists">{others.map((name) => texts.onList(name)).join(", ")}</p>}
                {children}
                <div class="row">
                    <PaperActions paper={paper} />
                    {actions}
                    {"rank" in paper && <Nearness hit={paper} />}
                </div>
            </div>
        </article>
    );
}
