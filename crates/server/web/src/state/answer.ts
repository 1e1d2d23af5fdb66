import { useCallback, useEffect, useState } from "preact/hooks";

import { isCancelled } from "../api/problem";

/** An answer of the server: not there yet, there, or impossible. The last answer stays while the next one comes. */
export interface Answer<T> {
    value: T | undefined;
    error: unknown;
    isLoading: boolean;
    /** Asks again. */
    retry: () => void;
    /** Replaces the answer, for example by one with more papers. */
    set: (value: T) => void;
}

/**
 * Asks the server whenever `key` changes, and cancels a question that nobody waits for. With `undefined` as the key,
 * nothing is asked.
 */
export function useAnswer<T>(key: string | undefined, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
    const [state, setState] = useState<{ key?: string | undefined; value?: T; error?: unknown }>({});
    const [attempt, setAttempt] = useState(0);
    useEffect(() => {
        if (key === undefined) {
            setState({});
            return;
        }
        const controller = new AbortController();
        ask(controller.signal).then(
            (value) => controller.signal.aborted || setState({ key, value }),
            (error: unknown) => controller.signal.aborted || isCancelled(error) || setState({ key, error }),
        );
        return () => controller.abort();
    }, [key, attempt]);
    const retry = useCallback(() => setAttempt((count) => count + 1), []);
    const set = useCallback((value: T) => setState((before) => ({ key: before.key, value })), []);
    return {
        value: state.value,
        error: state.key === key ? state.error : undefined,
        isLoading: key !== undefined && state.key !== key,
        retry,
        set,
    };
}
