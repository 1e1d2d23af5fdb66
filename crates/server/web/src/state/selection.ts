import { signal } from "@preact/signals";

import type { Paper } from "../api/documents";

/** The papers that are selected, in the order in which they were. */
export const selection = signal<readonly Paper[]>([]);

export function isSelected(paper: Paper): boolean {
    return selection.value.some((one) => one.id === paper.id);
}

export function toggleSelected(paper: Paper): void {
    const others = selection.value.filter((one) => one.id !== paper.id);
    selection.value = others.length < selection.value.length ? others : [...others, paper];
}

export function clearSelection(): void {
    selection.value = [];
}
