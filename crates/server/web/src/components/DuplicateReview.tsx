import { useRef, useState } from "preact/hooks";

import { get, inPath, libraryName, send } from "../api/client";
import type { DuplicatePair, Duplicates, Paper } from "../api/documents";
import { isCancelled } from "../api/problem";
import { addFile } from "../state/jobs";
import { forgetKept, keep, kept } from "../state/kept";
import { fail } from "../state/messages";
import { addressOfPaper } from "../state/route";
import { canWrite, loadInfo } from "../state/server";
import { differences, type Piece } from "../text/difference";
import { date, number, strings } from "../text/language";
import { Confirm } from "./Confirm";
import { Failure } from "./Failure";
import { Loading } from "./Loading";
import { titleOf } from "./PaperCard";

const NOT_SAME = "not-the-same";
const PAGE = 50;
const THRESHOLDS = [0.99, 0.95, 0.9] as const;

/** Returns the name under which a pair is kept. */
function nameOf({ papers }: DuplicatePair): string {
    return papers.map(({ id }) => id).sort().join("\n");
}

/** The papers that the library contains twice, pair by pair, side by side. */
export function DuplicateReview() {
    const texts = strings.value;
    const [threshold, setThreshold] = useState<number>(0.95);
    const [state, setState] = useState<{ of?: string | undefined; answer?: Duplicates; error?: unknown; isLoading?: boolean }>({});
    const [different, setDifferent] = useState(() => kept(NOT_SAME));
    const [removed, setRemoved] = useState<Paper>();
    const [at, setAt] = useState(0);
    const running = useRef<AbortController | undefined>(undefined);
    const heading = useRef<HTMLHeadingElement>(null);
    const of = libraryName.value;
    const { answer, error, isLoading = false } = state.of === of ? state : {};

    const ask = async (threshold: number, page?: string) => {
        running.current?.abort();
        const controller = new AbortController();
        running.current = controller;
        setState((before) => ({ ...(before.of === of && before.answer && page !== undefined && { answer: before.answer }), of, isLoading: true }));
        try {
            const next = await get<Duplicates>("duplicates", { threshold, limit: PAGE, page }, controller.signal);
            setState((before) => ({ of, answer: { ...next, pairs: [...((page !== undefined && before.answer?.pairs) || []), ...next.pairs] } }));
            page === undefined && setAt(0);
        } catch (error) {
            isCancelled(error) || setState({ of, error });
        }
    };
    const pairs = answer?.pairs.filter((pair) => !different.has(nameOf(pair))) ?? [];
    const shown = Math.min(at, pairs.length - 1);
    const pair = pairs[shown];
    const left = answer?.pairs.length ?? 0;
    const goOn = () => requestAnimationFrame(() => heading.current?.focus());

    const remove = async (paper: Paper, other: Paper) => {
        try {
            for (const { name, note } of paper.lists ?? []) {
                const entry = other.lists?.find((one) => one.name === name);
                const body = JSON.stringify({ ids: [other.id], ...(!entry?.note && note !== undefined && { note }) });
                await send(`lists/${encodeURIComponent(name)}/papers`, { method: "POST", body, headers: { "content-type": "application/json" } });
            }
            const document: { papers: Paper[] } = await (await send(`papers/${inPath(paper.id)}`, { method: "DELETE" })).json();
            setRemoved(document.papers[0]);
            setState((before) => ({
                ...before,
                ...(before.answer && { answer: { ...before.answer, pairs: before.answer.pairs.filter(({ papers }) => papers.every(({ id }) => id !== paper.id)) } }),
            }));
            goOn();
            await loadInfo();
        } catch (error) {
            fail(error);
        }
    };
    return (
        <section class="duplicates" aria-labelledby="duplicates-heading">
            <h2 id="duplicates-heading" ref={heading} tabIndex={-1}>
                {texts.library.duplicates}
            </h2>
            <div class="bar">
                <label>
                    {texts.library.threshold}{" "}
                    <select
                        value={threshold}
                        onChange={(event) => {
                            setThreshold(Number(event.currentTarget.value));
                            answer !== undefined && void ask(Number(event.currentTarget.value));
                        }}
                    >
                        {THRESHOLDS.map((value) => (
                            <option key={value} value={value}>
                                {texts.library.atLeast(number(value, 2))}
                            </option>
                        ))}
                    </select>
                </label>
                <button type="button" onClick={() => void ask(threshold)}>
                    {answer === undefined ? texts.library.findDuplicates : texts.library.findAgain}
                </button>
            </div>
            {error !== undefined && <Failure error={error} onRetry={() => void ask(threshold)} />}
            {isLoading && <Loading label={texts.library.comparing} />}
            <div role="status">
                {removed && (
                    <p>
                        {texts.library.removed(titleOf(removed))}{" "}
                        <button
                            type="button"
                            onClick={async () => {
                                const content = new Blob([JSON.stringify([removed])]);
                                (await addFile(`${removed.id}.json`.slice(-100), content, { skipsInvalid: false, replaces: false })) && setRemoved(undefined);
                            }}
                        >
                            {texts.library.addAgain}
                        </button>
                    </p>
                )}
                {answer !== undefined && pair === undefined && <p>{left === 0 && answer.total === 0 ? texts.library.noDuplicates : texts.library.allReviewed}</p>}
                {pair !== undefined && (
                    <p>
                        {texts.library.pairOf(number(shown + 1), number(pairs.length))} · {texts.library.reasons[pair.reason]} · {texts.missed.cosine(number(pair.cosine, 3))}
                    </p>
                )}
            </div>
            {pair !== undefined && (
                <>
                    <p class="buttons">
                        <button
                            type="button"
                            onClick={() => {
                                setDifferent(keep(NOT_SAME, [nameOf(pair)]));
                                goOn();
                            }}
                        >
                            {texts.library.notTheSame}
                        </button>
                        <button type="button" disabled={shown <= 0} onClick={() => setAt(shown - 1)}>
                            {texts.library.previousPair}
                        </button>
                        <button type="button" disabled={shown >= pairs.length - 1} onClick={() => setAt(shown + 1)}>
                            {texts.library.nextPair}
                        </button>
                    </p>
                    <Pair key={nameOf(pair)} papers={pair.papers} onRemove={(paper, other) => void remove(paper, other)} />
                </>
            )}
            {answer?.next != null && shown >= pairs.length - 1 && (
                <button type="button" class="more" onClick={() => void ask(threshold, answer.next ?? undefined)}>
                    {texts.library.morePairs}
                </button>
            )}
            {different.size > 0 && (
                <p class="quiet">
                    {texts.library.notTheSameCount(different.size)}{" "}
                    <button type="button" class="toggle" onClick={() => setDifferent(forgetKept(NOT_SAME))}>
                        {texts.library.forget}
                    </button>
                </p>
            )}
        </section>
    );
}

function Pair({ papers, onRemove }: { papers: [Paper, Paper]; onRemove: (paper: Paper, other: Paper) => void }) {
    const texts = strings.value;
    const [asks, setAsks] = useState<0 | 1>();
    const fields = fieldsOf(papers[0]).map(([name, value], at) => ({ name, values: differences(value, fieldsOf(papers[1])[at]?.[1] ?? "") }));
    const filled = fields.filter(({ values }) => values.some((pieces) => pieces.length > 0));
    const stays = asks === undefined ? undefined : papers[asks];
    const goes = asks === undefined ? undefined : papers[asks === 0 ? 1 : 0];
    return (
        <div class="pair">
            {([0, 1] as const).map((side) => (
                <article key={side} aria-label={side === 0 ? texts.library.left : texts.library.right}>
                    <header>
                        <h3>
                            <a href={addressOfPaper(papers[side].id)}>
                                <bdi>{papers[side].id}</bdi>
                            </a>
                        </h3>
                        {canWrite.value && (
                            <button type="button" aria-label={`${texts.library.keepThis}: ${papers[side].id}`} onClick={() => setAsks(side)}>
                                {texts.library.keepThis}
                            </button>
                        )}
                    </header>
                    <dl>
                        {filled.map(({ name, values }) => (
                            <div key={name}>
                                <dt>{name}</dt>
                                <dd dir="auto">{values[side].length === 0 ? "–" : <Pieces pieces={values[side]} />}</dd>
                            </div>
                        ))}
                    </dl>
                </article>
            ))}
            {stays !== undefined && goes !== undefined && (
                <Confirm title={texts.library.removeTitle} action={texts.library.removePaper} onConfirm={() => onRemove(goes, stays)} onClose={() => setAsks(undefined)}>
                    <p>{texts.library.removeHelp(titleOf(goes), goes.id)}</p>
                    {(goes.lists?.length ?? 0) > 0 && <p>{texts.library.listsGo(goes.lists?.map(({ name }) => name).join(", ") ?? "")}</p>}
                </Confirm>
            )}
        </div>
    );
}

/** A text in which what differs is marked, by more than a color. */
function Pieces({ pieces }: { pieces: readonly Piece[] }) {
    return (
        <>
            {pieces.map(({ text, isOther }, at) => (
                <>
                    {at > 0 && " "}
                    {isOther ? <mark class="other">{text}</mark> : text}
                </>
            ))}
        </>
    );
}

/** Returns the fields of a paper that are compared. */
function fieldsOf(paper: Paper): [name: string, value: string][] {
    const texts = strings.value;
    const { fields } = texts;
    return [
        [texts.library.title, paper.title],
        [texts.library.authors, paper.authors.join(", ")],
        [fields.published, paper.published !== undefined ? date(paper.published) : String(paper.year ?? "")],
        [fields.venue, paper.venue ?? ""],
        [fields.doi, paper.doi ?? ""],
        [fields.arxiv, paper.arxiv ?? ""],
        [fields.added, paper.added !== undefined ? date(paper.added) : ""],
        [texts.desk.lists, paper.lists?.map(({ name, note }) => (note === undefined ? name : `${name} (${note})`)).join(", ") ?? ""],
        [texts.abstract, paper.abstract],
    ];
}
