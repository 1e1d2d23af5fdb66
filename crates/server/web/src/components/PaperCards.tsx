import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";

import type { Explanation, Hit, Paper } from "../api/documents";
import { PaperCard, type PaperCardProps } from "./PaperCard";

/** The papers of the list that the keyboard acts on, and which of them is the current one. */
export const listed = signal<readonly Paper[]>([]);
export const currentId = signal<string | undefined>(undefined);

/** Makes a paper the current one, and brings it into view with the focus on its link. */
export function setCurrent(id: string): void {
    currentId.value = id;
    const card = document.querySelector(`article[data-id="${CSS.escape(id)}"]`);
    card?.scrollIntoView({ block: "nearest" });
    card?.querySelector<HTMLElement>("h3 a")?.focus({ preventScroll: true });
}

export interface PaperCardsProps {
    label: string;
    papers: readonly (Paper | Hit)[];
    explanations?: ReadonlyMap<string, Explanation>;
    isNew?: (paper: Paper) => boolean;
    actions?: (paper: Paper) => ComponentChildren;
    below?: (paper: Paper) => ComponentChildren;
    isDraggable?: boolean;
}

/** A list of papers, through which one can walk with the keyboard. */
export function PaperCards({ label, papers, explanations, isNew, actions, below, isDraggable = false }: PaperCardsProps) {
    useEffect(() => {
        listed.value = papers;
        return () => {
            if (listed.value === papers) {
                listed.value = [];
            }
        };
    }, [papers]);
    return (
        <ol class="cards" aria-label={label}>
            {papers.map((paper) => {
                const properties: PaperCardProps = {
                    paper,
                    explanation: explanations?.get(paper.id) ?? ("explanation" in paper ? paper.explanation : undefined),
                    isCurrent: currentId.value === paper.id,
                    isNew: isNew?.(paper) ?? false,
                    isDraggable,
                    actions: actions?.(paper),
                    children: below?.(paper),
                };
                return (
                    <li key={paper.id}>
                        <PaperCard {...properties} />
                    </li>
                );
            })}
        </ol>
    );
}
