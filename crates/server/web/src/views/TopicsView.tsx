import { useMemo, useState } from "preact/hooks";

import { get, libraryName } from "../api/client";
import type { Hits, Topics } from "../api/documents";
import { Failure } from "../components/Failure";
import { Loading } from "../components/Loading";
import { Timeline } from "../components/topics/Timeline";
import { TopicPapers } from "../components/topics/TopicPapers";
import { nameOf, TopicTable } from "../components/topics/TopicTable";
import { Treemap } from "../components/topics/Treemap";
import { Waiting } from "../components/topics/Waiting";
import { type Answer, useAnswer } from "../state/answer";
import { addressOf, route } from "../state/route";
import { library } from "../state/server";
import { number, strings } from "../text/language";
import { children, type Node, RESOLUTIONS, roots } from "../topics/tree";
import { meanYear, readYears, type Years } from "../topics/years";
import { SearchField } from "../components/SearchField";

/** The number of hits that color the topics. */
const HITS = 500;

/** Up to this number of papers, their years are read without a question. */
const READ_AT_ONCE = 20_000;

/** What is known of a topic beside its words: what colors it, and what is written into it. */
export interface Shade {
    /** 0 to 1, or `undefined` if there is nothing that colors. */
    share: number | undefined;
    text: string;
}

/** The view of the topics of the library. */
export default function TopicsView() {
    const texts = strings.value;
    const path = route.value.parameters.getAll("topic");
    const levels = RESOLUTIONS.map((resolution, level) => useTopics(resolution, level <= path.length));
    const failed = levels.find((level) => level.error !== undefined);
    const [coarse] = levels;
    if (failed !== undefined) {
        return <Failure error={failed.error} onRetry={failed.retry} />;
    }
    return (
        <div class="topics-view">
            <h1>{texts.views.topics}</h1>
            {coarse!.value === undefined || coarse!.isLoading ? (
                <Waiting text={texts.findingTopics} />
            ) : coarse!.value.topics.length === 0 ? (
                <p>{texts.noTopics}</p>
            ) : (
                <Level path={path} levels={levels.map((level) => level.value)} />
            )}
        </div>
    );
}

function useTopics(resolution: number, isNeeded: boolean): Answer<Topics> {
    const key = JSON.stringify([libraryName.value, resolution]);
    return useAnswer(isNeeded ? key : undefined, (signal) => get<Topics>("topics", { resolution, central: 0 }, signal));
}

/** The topics within the topic that the address names, or all. */
function Level({ path, levels }: { path: readonly string[]; levels: readonly (Topics | undefined)[] }) {
    const texts = strings.value;
    // The topics on the way, and those of the level that is shown; `undefined` until they are there.
    const { way, shown } = useMemo(() => descend(path, levels), [path.join("\n"), ...levels]);
    const here = way.at(-1);
    const years = useYears();
    const hits = useHits();
    const shade = (node: Node): Shade => {
        const inTopic = hits.value && node.ids.filter((id) => hits.value!.has(id)).length;
        if (inTopic !== undefined) {
            return { share: inTopic / node.ids.length, text: texts.hits(number(inTopic)) };
        }
        const mean = years.value && meanYear(node.ids, years.value);
        return { share: mean, text: mean === undefined ? "" : texts.meanYear(Math.round(mean)) };
    };
    const isUnknown = shown !== undefined && way.length < path.length;
    return (
        <>
            <nav class="breadcrumb" aria-label={texts.wayToTopic}>
                <a href={addressOf("/topics", { q: query() })}>{texts.allTopics}</a>
                {way.map((node, depth) => (
                    <span key={depth}>
                        {" › "}
                        <a href={addressOf("/topics", { q: query(), topic: path.slice(0, depth + 1) })} aria-current={depth === way.length - 1 ? "page" : undefined}>
                            <bdi>{nameOf(node)}</bdi>
                        </a>
                    </span>
                ))}
            </nav>
            {isUnknown && <p role="status">{texts.topicIsGone}</p>}
            {shown === undefined ? (
                <Waiting text={texts.findingSubtopics} />
            ) : (
                shown.length > 0 && (
                    <>
                        <div class="bar">
                            <p role="status">
                                {texts.topicsOf(shown.filter((node) => node.key !== undefined).length)}
                                {here === undefined && levels[0]!.unplaced > 0 && `. ${texts.unplaced(number(levels[0]!.unplaced))}`}
                                {`. ${hits.value ? texts.coloredByHits : years.value ? texts.coloredByYear : ""}`}
                            </p>
                            <SearchField label={texts.colorByHits} />
                        </div>
                        {hits.error !== undefined && <Failure error={hits.error} onRetry={hits.retry} />}
                        <Treemap nodes={shown} path={path} shade={shade} />
                        <details>
                            <summary>{texts.asTable}</summary>
                            <TopicTable nodes={shown} path={path} shade={shade} />
                        </details>
                    </>
                )
            )}
            {shown !== undefined && <TimelineOfYears answer={years} nodes={shown.length > 0 ? shown : way.slice(-1)} path={path} isDivided={shown.length > 0} />}
            {here !== undefined && !isUnknown && <TopicPapers key={path.join("\n")} node={here} />}
        </>
    );
}

function query(): string {
    return route.value.parameters.get("q") ?? "";
}

/** Follows a path from the coarsest topics. */
function descend(path: readonly string[], levels: readonly (Topics | undefined)[]): { way: Node[]; shown: Node[] | undefined } {
    const way: Node[] = [];
    let shown: Node[] | undefined = roots(levels[0]!);
    for (const [depth, key] of path.entries()) {
        const node: Node | undefined = shown.find((one) => one.key === key);
        if (node === undefined) {
            break;
        }
        way.push(node);
        const finer = levels[depth + 1];
        if (depth + 1 < RESOLUTIONS.length && finer === undefined) {
            return { way, shown: undefined };
        }
        shown = finer === undefined ? [] : children(node, shown, finer);
    }
    return { way, shown };
}

/** The papers that answer the search in the address. */
function useHits(): Answer<ReadonlySet<string>> {
    const q = query().trim();
    const answer = useAnswer(q === "" ? undefined : JSON.stringify([libraryName.value, q]), async (signal) => {
        const found = await get<Hits>("search", { q, limit: HITS }, signal);
        return new Set(found.hits.map((hit) => hit.id)) as ReadonlySet<string>;
    });
    return q === "" ? { ...answer, value: undefined } : answer;
}

interface YearsAnswer extends Answer<Years> {
    /** The number of papers whose years are to be read, and of those that were. */
    papers: number;
    read: number;
    /** Reads the years of a large library, if that was not asked for yet. */
    ask: (() => void) | undefined;
}

function useYears(): YearsAnswer {
    const { name, generation, papers = 0 } = library.value ?? {};
    const [isAsked, setIsAsked] = useState(false);
    const [read, setRead] = useState(0);
    const key = name === undefined ? undefined : JSON.stringify([name, generation]);
    const isRead = isAsked || papers <= READ_AT_ONCE;
    const answer = useAnswer(isRead ? key : undefined, (signal) => readYears(key!, setRead, signal));
    return { ...answer, papers, read, ask: isRead || key === undefined ? undefined : () => setIsAsked(true) };
}

function TimelineOfYears({ answer, nodes, path, isDivided }: { answer: YearsAnswer; nodes: readonly Node[]; path: readonly string[]; isDivided: boolean }) {
    const texts = strings.value;
    return (
        <section aria-labelledby="timeline">
            <h2 id="timeline">{texts.byYear}</h2>
            {answer.error !== undefined ? (
                <Failure error={answer.error} onRetry={answer.retry} />
            ) : answer.ask !== undefined ? (
                <p>
                    <button type="button" onClick={answer.ask}>
                        {texts.readYears(number(answer.papers))}
                    </button>{" "}
                    <small>{texts.readYearsHelp}</small>
                </p>
            ) : answer.value === undefined ? (
                <Loading label={texts.readingYears(number(answer.read), number(answer.papers))} />
            ) : (
                <Timeline nodes={nodes} years={answer.value} path={path} isDivided={isDivided} />
            )}
        </section>
    );
}
