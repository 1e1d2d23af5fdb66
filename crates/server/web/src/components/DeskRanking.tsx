import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

import { get, libraryName, type Parameters, post } from "../api/client";
import type { Hit, Hits, PaperList } from "../api/documents";
import { useAnswer } from "../state/answer";
import { useHeldOrder } from "../state/held_order";
import { listsVersion } from "../state/lists";
import { addressOf } from "../state/route";
import { canWrite, info } from "../state/server";
import { number, strings } from "../text/language";
import { Failure } from "./Failure";
import { Loading } from "./Loading";

/** The number of papers that the ranking shows first, and that it grows by. */
const STEP = 20;

/** The papers that the ranking learns from. */
export interface Examples {
    like: string[];
    not: string[];
    /** Whether there are more of them than one question may have. */
    isPart: boolean;
}

/** Returns the papers that are liked and disliked, as many as one question may have, the latest first. */
export function useExamples(): ReturnType<typeof useAnswer<Examples>> {
    const limit = info.value?.max_k;
    const key = limit === undefined ? undefined : JSON.stringify([libraryName.value, limit, listsVersion.value]);
    return useAnswer(key, async (signal) => {
        const of = (list: string) => get<PaperList>(`lists/${list}`, { sort: "added", reverse: true, limit }, signal);
        const lists = await Promise.all([of("liked"), of("disliked")]);
        const [like = [], not = []] = lists.map(({ papers }) => papers.map(({ id }) => id));
        return { like, not, isPart: lists.some(({ next }) => next !== null) };
    });
}

/** Papers that pass a filter, in the order of a classifier over what is liked and disliked. */
export function DeskRanking({ filter, nothing, children }: { filter: Parameters; nothing: string; children: (hits: readonly Hit[]) => ComponentChildren }) {
    const texts = strings.value;
    const [k, setK] = useState(STEP);
    const examples = useExamples();
    const element = useRef<HTMLDivElement>(null);
    const { like = [], not = [], isPart = false } = examples.value ?? {};
    const question = { like, not, strategy: like.length + not.length > 1 ? "svm" : undefined, ...filter, k };
    const key = like.length === 0 ? undefined : JSON.stringify([libraryName.value, question]);
    const answer = useAnswer(key, (signal) => post<Hits>("related", question, signal));
    const order = useHeldOrder(answer.value?.hits, element);
    const error = examples.error ?? answer.error;
    if (error !== undefined) {
        return <Failure error={error} onRetry={examples.error !== undefined ? examples.retry : answer.retry} />;
    }
    if (examples.value === undefined) {
        return <Loading />;
    }
    if (like.length === 0) {
        return (
            <div class="empty">
                <p>{texts.desk.nothingLiked}</p>
                {!canWrite.value && <p>{texts.readOnly}</p>}
                <p>
                    <a href={addressOf("/")}>{texts.views.search}</a>
                </p>
            </div>
        );
    }
    if (order.shown === undefined) {
        return <Loading />;
    }
    return (
        <>
            {!canWrite.value && <p>{texts.readOnly}</p>}
            <div class="bar held">
                <p role="status">
                    {order.isOld ? texts.desk.newOrder : texts.desk.rankedBy(number(like.length), number(not.length))}
                    {isPart && ` ${texts.desk.latestOnly(number(info.value?.max_k ?? 0))}`}
                </p>
                <button
                    type="button"
                    disabled={!order.isOld}
                    onClick={() => {
                        order.show();
                        scrollTo(0, 0);
                    }}
                >
                    {texts.desk.showNewOrder}
                </button>
            </div>
            {order.shown.length === 0 && <p class="empty">{nothing}</p>}
            <div ref={element} {...order.handlers}>
                {children(order.shown)}
            </div>
            {order.shown.length >= k && k < (info.value?.max_k ?? 0) && (
                <button type="button" class="more" onClick={() => setK(Math.min(k + STEP, info.value?.max_k ?? k))}>
                    {texts.more}
                </button>
            )}
        </>
    );
}
