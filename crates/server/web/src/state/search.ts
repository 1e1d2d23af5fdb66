import { useEffect, useRef, useState } from "preact/hooks";

import { get, libraryName, type Parameters } from "../api/client";
import type { Explanation, Hits } from "../api/documents";
import { isCancelled } from "../api/problem";

/** The number of hits that are shown first, and that each further page adds. */
const PAGE = 20;

/** If the search by meaning takes longer, in milliseconds, the hits by words are shown first. */
const PATIENCE = 120;

/** How long nothing was typed, in milliseconds, before hits are explained, and how many at once. */
const PAUSE = 350;
const EXPLAINED_AT_ONCE = 5;

export interface Search {
    hits: Hits | undefined;
    error: unknown;
    isLoading: boolean;
    /** Whether the hits are those by words alone, and those by meaning are on their way. */
    isByWords: boolean;
    /** A better order, which is not shown yet because somebody points at the hits. */
    better: Hits | undefined;
    showBetter: () => void;
    /** The ids of hits that were added below the others afterwards. */
    added: ReadonlySet<string>;
    more: (() => void) | undefined;
    retry: () => void;
}

interface State {
    key?: string;
    hits?: Hits;
    error?: unknown;
    isByWords: boolean;
    better?: Hits | undefined;
    added: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Searches while a text is typed: each change starts a search by words and meaning, and cancels the one before. If it
 * takes long, the hits by words are shown first. The order of hits never changes while `isPointedAt` returns true:
 * then further hits are added below, and the better order waits until it is asked for.
 */
export function useSearch(question: Parameters | undefined, isPointedAt: () => boolean): Search {
    const key = question === undefined ? undefined : JSON.stringify([libraryName.value, question]);
    const [state, setState] = useState<State>({ isByWords: false, added: NONE });
    const [attempt, setAttempt] = useState(0);
    const pages = useRef<AbortController | undefined>(undefined);
    useEffect(() => {
        if (question === undefined || key === undefined) {
            setState({ isByWords: false, added: NONE });
            return;
        }
        const controller = new AbortController();
        pages.current = controller;
        const { signal } = controller;
        const asked = { ...question, limit: PAGE };
        let wordsAreShown = false;
        let isDone = false;
        const fast = setTimeout(() => {
            get<Hits>("search", { ...asked, mode: "keyword" }, signal).then((hits) => {
                // The other search may have been faster in the end.
                if (!isDone) {
                    wordsAreShown = true;
                    setState({ key, hits, isByWords: true, added: NONE });
                }
            }, () => undefined);
        }, PATIENCE);
        get<Hits>("search", asked, signal)
            .finally(() => {
                isDone = true;
                clearTimeout(fast);
            })
            .then((hits) => {
                if (wordsAreShown && isPointedAt()) {
                    setState((before) => ({ ...before, ...merged(before.hits, hits), isByWords: false, better: hits }));
                } else {
                    setState({ key, hits, isByWords: false, added: NONE });
                }
            })
            .catch((error: unknown) => isCancelled(error) || setState({ key, error, isByWords: false, added: NONE }));
        return () => {
            clearTimeout(fast);
            controller.abort();
        };
    }, [key, attempt]);

    const retry = () => setAttempt((count) => count + 1);
    const { hits } = state;
    const more = async () => {
        try {
            const next = await get<Hits>("search", { ...question, limit: PAGE, page: hits?.next ?? undefined }, pages.current?.signal);
            setState((before) => ({ ...before, hits: { ...next, hits: [...(before.hits?.hits ?? []), ...next.hits] } }));
        } catch (error) {
            // A library that has changed is searched again from the first page.
            isCancelled(error) || retry();
        }
    };
    return {
        hits,
        error: state.key === key ? state.error : undefined,
        isLoading: key !== undefined && state.key !== key,
        isByWords: state.isByWords,
        better: state.better,
        showBetter: () => setState((before) => ({ ...before, ...(before.better && { hits: before.better }), better: undefined, added: NONE })),
        added: state.added,
        more: hits?.next != null && state.key === key && !state.isByWords ? () => void more() : undefined,
        retry,
    };
}

/** Returns the hits that are shown, with further ones below them. */
function merged(shown: Hits | undefined, all: Hits): { hits: Hits; added: ReadonlySet<string> } {
    const known = new Set(shown?.hits.map((hit) => hit.id));
    const further = all.hits.filter((hit) => !known.has(hit.id));
    const better = new Map(all.hits.map((hit) => [hit.id, hit]));
    const kept = shown?.hits.map((hit) => better.get(hit.id) ?? hit) ?? [];
    return { hits: { ...all, hits: [...kept, ...further] }, added: new Set(further.map((hit) => hit.id)) };
}

/** Explains hits once nothing was typed for a while: a few at a time, the first ones first. */
export function useExplanations(query: Parameters | undefined, ids: readonly string[]): ReadonlyMap<string, Explanation> {
    const key = JSON.stringify([libraryName.value, query, ids]);
    const [found, setFound] = useState<ReadonlyMap<string, Explanation>>(new Map());
    const ofQuery = useRef<string | undefined>(undefined);
    useEffect(() => {
        const text = JSON.stringify([libraryName.value, query]);
        let known = found;
        if (ofQuery.current !== text) {
            ofQuery.current = text;
            known = new Map();
            found.size > 0 && setFound(known);
        }
        const wanted = ids.filter((id) => !known.has(id));
        if (query === undefined || wanted.length === 0) {
            return;
        }
        const controller = new AbortController();
        const explain = async () => {
            for (let first = 0; first < wanted.length; first += EXPLAINED_AT_ONCE) {
                const id = wanted.slice(first, first + EXPLAINED_AT_ONCE);
                const answer = await get<{ explanations: (Explanation & { id: string })[] }>("explain", { ...query, id }, controller.signal);
                setFound((before) => new Map([...before, ...answer.explanations.map((one) => [one.id, one] as const)]));
            }
        };
        // Hits without an explanation are of use too.
        const timer = setTimeout(() => void explain().catch(() => undefined), PAUSE);
        return () => {
            clearTimeout(timer);
            controller.abort();
        };
    }, [key]);
    return found;
}
