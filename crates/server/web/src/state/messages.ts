import { signal } from "@preact/signals";

import { isCancelled, Problem } from "../api/problem";
import { strings } from "../text/language";

export interface Message {
    text: string;
    isError: boolean;
}

/** The message at the bottom of the page, which screen readers read out. */
export const message = signal<Message | undefined>(undefined);

let timer = 0;

/** Shows a short message for a while. */
export function announce(text: string): void {
    show({ text, isError: false }, 4_000);
}

/** Shows why something failed, until it is closed or another message comes. */
export function fail(error: unknown): void {
    if (!isCancelled(error)) {
        show({ text: describe(error), isError: true });
    }
}

/** Describes a failure. */
export function describe(error: unknown): string {
    if (error instanceof Problem) {
        const texts = strings.value;
        return error.status === 0 ? texts.unreachable : error.status === 403 && error.kind === "read-only" ? texts.readOnly : error.message;
    }
    return error instanceof Error ? error.message : String(error);
}

function show(next: Message, milliseconds?: number): void {
    clearTimeout(timer);
    message.value = next;
    if (milliseconds !== undefined) {
        timer = setTimeout(() => (message.value = undefined), milliseconds);
    }
}
