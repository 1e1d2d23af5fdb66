import type { RefObject } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { forgetKept, keep, kept } from "./kept";
import { library } from "./server";

const SEEN = "seen";

/** How long a paper has to be in sight until it is seen, in milliseconds, and how much of it. */
const LOOK = 1_200;
const SHARE = 0.6;

/** The papers that were seen before this visit. */
export interface Seen {
    before: ReadonlySet<string>;
    forget: () => void;
}

/**
 * Keeps in this browser which papers of `element` somebody has had in sight. What is seen now counts from the next
 * visit on, so that nothing vanishes while it is looked at.
 */
export function useSeen(element: RefObject<HTMLElement | null>, papers: readonly { id: string }[]): Seen {
    const name = library.value?.name;
    const [forgotten, setForgotten] = useState(0);
    const before = useMemo(() => kept(SEEN), [name, forgotten]);
    const ids = papers.map(({ id }) => id).join("\n");
    useEffect(() => {
        const timers = new Map<Element, number>();
        const seen = new Set<string>();
        let flush = 0;
        const store = () => {
            clearTimeout(flush);
            flush = 0;
            seen.size > 0 && keep(SEEN, seen);
            seen.clear();
        };
        const observer = new IntersectionObserver(
            (entries) => {
                for (const { target, isIntersecting } of entries) {
                    clearTimeout(timers.get(target));
                    if (isIntersecting) {
                        const look = () => {
                            seen.add((target as HTMLElement).dataset.id ?? "");
                            observer.unobserve(target);
                            flush ||= setTimeout(store, 1_000);
                        };
                        timers.set(target, setTimeout(look, LOOK));
                    }
                }
            },
            { threshold: SHARE },
        );
        element.current?.querySelectorAll("article[data-id]").forEach((card) => observer.observe(card));
        addEventListener("pagehide", store);
        return () => {
            observer.disconnect();
            timers.forEach((timer) => clearTimeout(timer));
            removeEventListener("pagehide", store);
            store();
        };
    }, [ids, name]);
    return {
        before,
        forget: () => {
            forgetKept(SEEN);
            setForgotten((count) => count + 1);
        },
    };
}
