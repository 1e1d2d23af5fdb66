import { useRef } from "preact/hooks";

import { get, libraryName } from "../api/client";
import type { PaperList, Suggestion } from "../api/documents";
import { ActiveFilters, Filters } from "../components/Filters";
import { Failure } from "../components/Failure";
import { Icon } from "../components/Icon";
import { Loading } from "../components/Loading";
import { PaperCards } from "../components/PaperCards";
import { useAnswer } from "../state/answer";
import { filters, toggleFilter } from "../state/filters";
import { route, setParameters } from "../state/route";
import { useQueryText } from "../state/query_text";
import { useExplanations, useSearch } from "../state/search";
import { number, strings } from "../text/language";

/** How long somebody who has moved the pointer over the hits is taken to look at them, in milliseconds. */
const LOOKS_FOR = 4_000;

/** The view in which one searches. */
export default function Search() {
    const texts = strings.value;
    const [text, setText] = useQueryText();
    const isSearch = text.trim() !== "";
    return (
        <div class="search-view">
            <h1 class="hidden-visually">{texts.views.search}</h1>
            <search>
                <SearchBox text={text} onInput={setText} />
                {isSearch && <Suggestions text={text} />}
            </search>
            <details class="filter-panel" open={matchMedia("(min-width: 60rem)").matches}>
                <summary>
                    <Icon name="filter" /> {texts.filters}
                </summary>
                <Filters />
            </details>
            <div class="results">
                <ActiveFilters />
                {isSearch ? <Results text={text} /> : <Latest />}
            </div>
        </div>
    );
}

function SearchBox({ text, onInput }: { text: string; onInput: (text: string) => void }) {
    const texts = strings.value;
    return (
        <form
            class="search-box"
            role="search"
            onSubmit={(event) => {
                event.preventDefault();
                setParameters({ q: text }, "push");
            }}
        >
            <Icon name="search" />
            <input
                id="query"
                type="search"
                aria-label={texts.searchLabel}
                placeholder={texts.searchPlaceholder}
                value={text}
                autocomplete="off"
                autofocus
                enterkeyhint="search"
                dir="auto"
                onInput={(event) => onInput(event.currentTarget.value)}
            />
            <kbd aria-hidden="true">/</kbd>
        </form>
    );
}

/** Authors, venues and categories whose names begin as the text does, as filters to add. */
function Suggestions({ text }: { text: string }) {
    const texts = strings.value;
    const key = JSON.stringify([libraryName.value, text]);
    const answer = useAnswer(text.trim().length < 2 ? undefined : key, (signal) => get<{ suggestions: Suggestion[] }>("suggest", { q: text.slice(0, 200), k: 3 }, signal));
    const names = answer.value?.suggestions.filter(({ kind }) => kind !== "paper") ?? [];
    if (names.length === 0) {
        return null;
    }
    return (
        <ul class="suggestions" aria-label={texts.suggestions}>
            {names.map(({ kind, text: name, papers }) => (
                <li key={kind + name}>
                    <button
                        type="button"
                        class="chip"
                        onClick={() => {
                            kind !== "paper" && toggleFilter(kind, name);
                        }}
                    >
                        <bdi>{name}</bdi>
                        <small>{number(papers)}</small>
                    </button>
                </li>
            ))}
        </ul>
    );
}

function Results({ text }: { text: string }) {
    const texts = strings.value;
    const sort = route.value.parameters.get("sort") ?? "relevance";
    const element = useRef<HTMLDivElement>(null);
    const pointed = useRef(-Infinity);
    const isPointedAt = () =>
        performance.now() - pointed.current < LOOKS_FOR || (element.current?.contains(document.activeElement) ?? false);
    const search = useSearch({ q: text, ...filters.value, sort: sort === "date" ? "date" : undefined }, isPointedAt);
    const hits = search.hits?.hits ?? [];
    const explanations = useExplanations({ q: text }, search.isLoading || search.isByWords ? [] : hits.map((hit) => hit.id));
    if (search.error !== undefined) {
        return <Failure error={search.error} onRetry={search.retry} />;
    }
    if (search.hits === undefined) {
        return <Loading />;
    }
    return (
        <div ref={element} onPointerMove={() => (pointed.current = performance.now())} aria-busy={search.isLoading}>
            <h2 class="hidden-visually">{texts.results}</h2>
            <div class="bar">
                <p role="status">
                    {texts.hits(number(search.hits.total))}
                    {search.isByWords && ` · ${texts.byWordsFirst}`}
                </p>
                {search.better && (
                    <p role="status">
                        {texts.betterOrder}{" "}
                        <button type="button" onClick={search.showBetter}>
                            {texts.showBetterOrder}
                        </button>
                    </p>
                )}
                <label>
                    {texts.sort}{" "}
                    <select value={sort} onChange={(event) => setParameters({ sort: event.currentTarget.value === "date" ? "date" : undefined }, "push")}>
                        <option value="relevance">{texts.sortBy.relevance}</option>
                        <option value="date">{texts.sortBy.date}</option>
                    </select>
                </label>
            </div>
            {hits.length === 0 && (
                <div class="empty">
                    <p>{texts.nothingFound}</p>
                    <ul>{search.hits.reasons?.map((reason) => <li key={reason.reason}>{reason.detail ?? reason.reason}</li>)}</ul>
                </div>
            )}
            <PaperCards label={texts.results} papers={hits} explanations={explanations} isNew={(paper) => search.added.has(paper.id)} />
            {search.more && (
                <button type="button" class="more" onClick={search.more}>
                    {texts.more}
                </button>
            )}
        </div>
    );
}

/** The papers that pass the filters, the latest first, while nothing is searched for. */
function Latest() {
    const texts = strings.value;
    const question = { ...filters.value, sort: "published", reverse: true, limit: 20 };
    const key = JSON.stringify([libraryName.value, question]);
    const answer = useAnswer(key, (signal) => get<PaperList>("papers", question, signal));
    const list = answer.value;
    if (answer.error !== undefined) {
        return <Failure error={answer.error} onRetry={answer.retry} />;
    }
    if (list === undefined) {
        return <Loading />;
    }
    const more = async () => {
        try {
            const next = await get<PaperList>("papers", { ...question, page: list.next ?? undefined });
            answer.set({ ...next, papers: [...list.papers, ...next.papers] });
        } catch {
            answer.retry();
        }
    };
    return (
        <>
            <p class="intro">{texts.searchIntro}</p>
            <h2>{texts.latest}</h2>
            <PaperCards label={texts.latest} papers={list.papers} />
            {list.next !== null && (
                <button type="button" class="more" onClick={() => void more()}>
                    {texts.more}
                </button>
            )}
        </>
    );
}
