/** An answer of the server that says why a request failed, or a request that did not reach it. */
export class Problem extends Error {
    /**
     * @param status the HTTP status, or 0 if there was no answer
     * @param kind the last part of the problem's `type`, such as `unknown-paper`
     */
    constructor(
        readonly status: number,
        readonly kind: string,
        detail: string,
    ) {
        super(detail);
    }

    /** Reads the problem from an answer, which may have another form if a proxy has sent it. */
    static async of(answer: Response): Promise<Problem> {
        const fallback = `${answer.status} ${answer.statusText}`.trim();
        try {
            const document: { type?: string; title?: string; detail?: string } = await answer.json();
            const kind = document.type?.split("/").pop() ?? "";
            return new Problem(answer.status, kind, document.detail ?? document.title ?? fallback);
        } catch {
            return new Problem(answer.status, "", fallback);
        }
    }
}

/** Returns whether a request was cancelled by the page itself, which is not a failure. */
export function isCancelled(error: unknown): boolean {
    return error instanceof DOMException && error.name === "AbortError";
}
