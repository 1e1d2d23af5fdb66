import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { get, libraryName, type Parameters } from "../api/client";
import type { Paper, PaperList } from "../api/documents";
import { useAnswer } from "../state/answer";
import { announce } from "../state/messages";
import { useSeen } from "../state/seen";
import { type By, restriction } from "../state/windows";
import { strings } from "../text/language";
import { Failure } from "./Failure";
import { Loading } from "./Loading";
import { PaperCards } from "./PaperCards";
import { SeenBar } from "./SeenBar";

const PAGE = 50;

/** The fewest papers that are shown before one asks for more, if the library has them. */
const FEWEST = 20;

/** The papers since a date, the latest first. */
export function NewByDate({ by, since }: { by: By; since: string }) {
    const texts = strings.value;
    const element = useRef<HTMLDivElement>(null);
    const question = { ...restriction(by, since), sort: by, reverse: true, not_list: ["hidden"], limit: PAGE };
    const answer = useAnswer(JSON.stringify([libraryName.value, question]), (signal) => get<PaperList>("papers", question, signal));
    const list = answer.value;
    const papers = list?.papers ?? [];
    const seen = useSeen(element, papers);
    return (
        <SeenBar seen={seen} papers={papers}>
            {(shown) =>
                answer.error !== undefined ? (
                    <Failure error={answer.error} onRetry={answer.retry} />
                ) : list === undefined || answer.isLoading ? (
                    <Loading />
                ) : (
                    <Pages list={list} shown={shown} onMore={(next) => answer.set(next)} retry={answer.retry} question={question}>
                        <div ref={element}>
                            <PaperCards label={texts.views.new} papers={shown} below={(paper) => seen.before.has(paper.id) && <small>{texts.fresh.seenBefore}</small>} />
                        </div>
                    </Pages>
                )
            }
        </SeenBar>
    );
}

interface PagesProps {
    list: PaperList;
    shown: readonly Paper[];
    question: Parameters;
    onMore: (list: PaperList) => void;
    retry: () => void;
    children: ComponentChildren;
}

/** Pages of papers. Further ones are read at once if nearly all papers of the first ones were seen before. */
function Pages({ list, shown, question, onMore, retry, children }: PagesProps) {
    const texts = strings.value;
    const reads = useRef(false);
    const more = async () => {
        if (reads.current) {
            return;
        }
        reads.current = true;
        try {
            const next = await get<PaperList>("papers", { ...question, page: list.next ?? undefined });
            const known = new Set(list.papers.map(({ id }) => id));
            onMore({ ...next, papers: [...list.papers, ...next.papers.filter(({ id }) => !known.has(id))] });
        } catch {
            // The library has changed since its first page was read.
            announce(texts.changed);
            retry();
        } finally {
            reads.current = false;
        }
    };
    const isShort = list.next !== null && shown.length < FEWEST;
    useEffect(() => {
        isShort && void more();
    }, [isShort, list]);
    return (
        <>
            {children}
            {shown.length === 0 && (isShort ? <Loading /> : <p class="empty">{list.papers.length > 0 ? texts.fresh.allSeen : texts.fresh.nothing}</p>)}
            {list.next !== null && shown.length > 0 && (
                <button type="button" class="more" onClick={() => void more()}>
                    {texts.more}
                </button>
            )}
        </>
    );
}
