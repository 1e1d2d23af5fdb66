import { signal } from "@preact/signals";

import { copyPapers } from "../components/PaperActions";
import { currentId, listed, setCurrent } from "../components/PaperCards";
import { toggle } from "./lists";
import { addressOf, addressOfPaper, go, place } from "./route";
import { toggleSelected } from "./selection";
import { canWrite } from "./server";

const KEY = "cognate-single-keys";

/** Whether single keys are shortcuts. People who speak to their computer can turn them off. */
export const usesSingleKeys = signal(localStorage.getItem(KEY) !== "off");

/** Whether the help is open. */
export const showsHelp = signal(false);

export function setSingleKeys(isOn: boolean): void {
    localStorage.setItem(KEY, isOn ? "on" : "off");
    usesSingleKeys.value = isOn;
}

/** Puts the focus on the search box, in the view that has it. */
export function focusSearch(): void {
    const focus = () => {
        const box = document.querySelector<HTMLInputElement>("#query");
        box?.focus();
        box?.select();
    };
    if (place.value.view === "search") {
        focus();
    } else {
        go(addressOf("/"));
        requestAnimationFrame(focus);
    }
}

/** Acts on the shortcuts. */
export function startKeys(): void {
    addEventListener("keydown", (event) => {
        if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
            event.preventDefault();
            focusSearch();
            return;
        }
        const target = event.target as HTMLElement;
        const writes = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
        if (target.id === "query" && (event.key === "ArrowDown" || event.key === "Escape")) {
            target.blur();
            event.key === "ArrowDown" && step(1);
            return;
        }
        const isCheckbox = target instanceof HTMLInputElement && target.type === "checkbox";
        const isDialog = document.querySelector("dialog[open]") !== null;
        if ((writes && !isCheckbox) || isDialog || event.ctrlKey || event.metaKey || event.altKey || !usesSingleKeys.value) {
            return;
        }
        if (act(event.key)) {
            event.preventDefault();
        }
    });
    addEventListener("focusin", (event) => {
        const id = (event.target as Element).closest<HTMLElement>("article[data-id]")?.dataset.id;
        if (id !== undefined) {
            currentId.value = id;
        }
    });
}

/** Acts on a key, and returns whether it is a shortcut. */
function act(key: string): boolean {
    const paper = listed.value.find((one) => one.id === currentId.value);
    switch (key) {
        case "/":
            focusSearch();
            return true;
        case "?":
            showsHelp.value = true;
            return true;
        case "j":
            return step(1);
        case "k":
            return step(-1);
        case "o":
            paper && go(addressOfPaper(paper.id));
            return paper !== undefined;
        case "x":
            paper && toggleSelected(paper);
            return paper !== undefined;
        case "c":
            paper && void copyPapers([paper], "bibtex");
            return paper !== undefined;
        case "l":
            paper && canWrite.value && void toggle(paper, "liked");
            return paper !== undefined;
        default:
            return false;
    }
}

/** Makes the next or the previous paper the current one. */
function step(by: 1 | -1): boolean {
    const papers = listed.value;
    const at = papers.findIndex((paper) => paper.id === currentId.value);
    const next = papers[at === -1 ? 0 : Math.min(papers.length - 1, Math.max(0, at + by))];
    next && setCurrent(next.id);
    return next !== undefined;
}
