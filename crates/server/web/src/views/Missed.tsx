import { useMemo, useState } from "preact/hooks";

import { get, libraryName } from "../api/client";
import type { Explanation, Missed as Answer, MissedHit, Paper } from "../api/documents";
import { DropFiles } from "../components/DropFiles";
import { Failure } from "../components/Failure";
import { Icon } from "../components/Icon";
import { Loading } from "../components/Loading";
import { copyPapers } from "../components/PaperActions";
import { titleOf } from "../components/PaperCard";
import { PaperCards, setCurrent } from "../components/PaperCards";
import { savePapers } from "../components/SelectionBar";
import { Text } from "../components/Text";
import { useAnswer } from "../state/answer";
import { fail } from "../state/messages";
import {
    accepted,
    ACCEPTED,
    compare,
    compareFurther,
    count,
    draft,
    failure,
    guessFormat,
    isComparing,
    missed,
    references,
    reject,
    rejected,
    removeDraft,
    setDraft,
    showRejected,
    take,
    toggleAccepted,
} from "../state/missed";
import { addressOfPaper } from "../state/route";
import { info } from "../state/server";
import { number, strings } from "../text/language";
import { sharedWords } from "../text/words";

/** The view of what a draft does not cite. */
export default function Missed() {
    const texts = strings.value;
    const answer = missed.value;
    const onFiles = async (files: File[]) => {
        try {
            const unknown = await take(files);
            unknown.length > 0 && fail(new Error(texts.missed.notRead(unknown.join(", "))));
        } catch (error) {
            fail(error);
        }
    };
    return (
        <div class="missed">
            <h1>{texts.views.missed}</h1>
            <p class="intro">
                {texts.missed.intro} {texts.missed.stays}
            </p>
            <DropFiles accept={ACCEPTED} onFiles={(files) => void onFiles(files)}>
                <p>{texts.missed.drop}</p>
            </DropFiles>
            <Chosen />
            {draft.value === undefined && <PasteDraft />}
            {failure.value !== undefined && <Failure error={failure.value} onRetry={() => void compare()} />}
            {isComparing.value && <Loading label={texts.missed.comparing} />}
            {answer !== undefined && <Found answer={answer} />}
        </div>
    );
}

/** The files that were chosen. */
function Chosen() {
    const texts = strings.value;
    const files = [draft.value?.name, references.value?.name];
    const [name, list] = files;
    if (name === undefined && list === undefined) {
        return null;
    }
    return (
        <ul class="chosen">
            {name !== undefined && (
                <li class="chip">
                    {texts.missed.draft}: <bdi>{name}</bdi>
                    <button type="button" class="plain" aria-label={texts.missed.remove(name)} onClick={removeDraft}>
                        <Icon name="close" />
                    </button>
                </li>
            )}
            {list !== undefined && (
                <li class="chip">
                    {texts.missed.references}: <bdi>{list}</bdi>
                    <button
                        type="button"
                        class="plain"
                        aria-label={texts.missed.remove(list)}
                        onClick={() => {
                            references.value = undefined;
                            void compare();
                        }}
                    >
                        <Icon name="close" />
                    </button>
                </li>
            )}
            {name === undefined && <li>{texts.missed.needsDraft}</li>}
            {list !== undefined && draft.value?.format === "docx" && <li>{texts.missed.wordAlone}</li>}
        </ul>
    );
}

function PasteDraft() {
    const texts = strings.value;
    return (
        <form
            class="paste"
            onSubmit={(event) => {
                event.preventDefault();
                const content = String(new FormData(event.currentTarget).get("text"));
                content.trim() !== "" && setDraft({ name: texts.missed.pasted, format: guessFormat(content), content });
            }}
        >
            <label>
                {texts.missed.paste}
                <textarea name="text" rows={6} required dir="auto" spellcheck={false} />
            </label>
            <button type="submit" class="primary">
                {texts.missed.compare}
            </button>
        </form>
    );
}

function Found({ answer }: { answer: Answer }) {
    const texts = strings.value;
    const hits = answer.hits.filter(({ id }) => !rejected.value.has(id));
    const why = useMemo(() => new Map(answer.hits.map((hit) => [hit.id, explanationOf(hit)])), [answer]);
    const most = info.value?.max_k ?? count.value;
    const { found, not_found: notFound } = answer.cited;
    return (
        <>
            <Accepted />
            <h2>{texts.missed.results}</h2>
            <p role="status" class="quiet">
                {answer.title !== null && (
                    <>
                        <bdi>{answer.title}</bdi> ·{" "}
                    </>
                )}
                {texts.missed.compared(number(answer.sentences), answer.sentences)} · {texts.missed.cites(number(found.length + notFound.length), number(found.length))}
            </p>
            {hits.length === 0 && <p class="empty">{rejected.value.size > 0 ? texts.missed.allRejected : texts.missed.nothing}</p>}
            <PaperCards
                label={texts.missed.results}
                papers={hits}
                explanations={why}
                below={(paper) => (
                    <>
                        <Sentence hit={paper as MissedHit} words={why.get(paper.id)?.words} />
                        <Decide paper={paper} papers={hits} />
                    </>
                )}
            />
            {rejected.value.size > 0 && (
                <p>
                    {texts.missed.rejected(rejected.value.size)}{" "}
                    <button type="button" onClick={showRejected}>
                        {texts.missed.showRejected}
                    </button>
                </p>
            )}
            {answer.hits.length >= count.value && count.value < most && !isComparing.value && (
                <button type="button" class="more" onClick={() => compareFurther(most)}>
                    {texts.more}
                </button>
            )}
            <Cited cited={answer.cited} />
            {answer.unread_references && (
                <details>
                    <summary>{texts.missed.unread(answer.unread_references.length)}</summary>
                    <ul>
                        {answer.unread_references.map((reason) => (
                            <li key={reason}>
                                <bdi>{reason}</bdi>
                            </li>
                        ))}
                    </ul>
                </details>
            )}
        </>
    );
}

/**
 * Returns which words a paper shares with the sentence of the draft. The server could name the sentence of the paper
 * too, but only to a question with the sentence in its address, which browsers and proxies keep.
 */
function explanationOf(hit: MissedHit): Explanation {
    const words = sharedWords(hit.sentence, `${hit.title} ${hit.abstract}`);
    return { query_sentence: hit.sentence, paper_sentence: "", score: hit.sentence_score, words };
}

/** The papers that were accepted, to copy or to save. */
function Accepted() {
    const texts = strings.value;
    const papers = accepted.value;
    return (
        <section class="accepted" aria-label={texts.missed.acceptedLabel}>
            <p role="status">
                <strong>{texts.missed.accepted(papers.length)}</strong>
            </p>
            <button type="button" disabled={papers.length === 0} aria-label={texts.copyAs("BibTeX")} title={texts.copyAs("BibTeX")} onClick={() => void copyPapers(papers, "bibtex")}>
                <Icon name="copy" />
                BibTeX
            </button>
            <button type="button" disabled={papers.length === 0} aria-label={texts.saveAs("BibTeX")} title={texts.saveAs("BibTeX")} onClick={() => void savePapers(papers.map(({ id }) => id), "bibtex")}>
                <Icon name="download" />
                BibTeX
            </button>
        </section>
    );
}

/** The sentence of the draft that a paper is near to. */
function Sentence({ hit, words }: { hit: MissedHit; words: readonly string[] | undefined }) {
    const texts = strings.value;
    return (
        <figure class="sentence">
            <figcaption>
                {texts.missed.sentence} <small>{texts.missed.cosine(number(hit.sentence_score, 2))}</small>
            </figcaption>
            <blockquote dir="auto">
                <Text marked={words}>{hit.sentence}</Text>
            </blockquote>
        </figure>
    );
}

function Decide({ paper, papers }: { paper: Paper; papers: readonly Paper[] }) {
    const texts = strings.value;
    const title = titleOf(paper);
    return (
        <div class="row decide">
            <button
                type="button"
                class="toggle"
                aria-pressed={accepted.value.some(({ id }) => id === paper.id)}
                aria-label={texts.missed.acceptPaper(title)}
                onClick={() => toggleAccepted(paper)}
            >
                <Icon name="plus" />
                {texts.missed.accept}
            </button>
            <button
                type="button"
                class="toggle"
                aria-label={texts.missed.rejectPaper(title)}
                onClick={(event) => {
                    // The second click of a double click would hit the next paper.
                    if (event.detail > 1) {
                        return;
                    }
                    const at = papers.findIndex(({ id }) => id === paper.id);
                    const next = papers[at + 1] ?? papers[at - 1];
                    reject(paper);
                    event.detail === 0 && next && requestAnimationFrame(() => setCurrent(next.id));
                }}
            >
                <Icon name="minus" />
                {texts.missed.reject}
            </button>
        </div>
    );
}

/** What the draft cites: the papers that the library has, and the others. */
function Cited({ cited }: { cited: Answer["cited"] }) {
    const texts = strings.value;
    const ids = [...new Set(cited.found.map(({ id }) => id))].slice(0, info.value?.max_k);
    const key = ids.length === 0 ? undefined : JSON.stringify([libraryName.value, ids]);
    const papers = useAnswer(key, (signal) => get<Paper[]>("export", { format: "json", id: ids }, signal));
    const titles = new Map(papers.value?.map((paper) => [paper.id, titleOf(paper)]));
    const [isOpen, setIsOpen] = useState(false);
    return (
        <details class="cited" open={isOpen} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
            <summary>{texts.missed.cited}</summary>
            <h3>{texts.missed.inLibrary(number(cited.found.length))}</h3>
            <ul>
                {cited.found.map(({ citation, id }) => (
                    <li key={citation}>
                        <bdi class="citation">{citation}</bdi>{" "}
                        <a href={addressOfPaper(id)} dir="auto">
                            <Text>{titles.get(id) ?? id}</Text>
                        </a>
                    </li>
                ))}
            </ul>
            <h3>{texts.missed.notInLibrary(number(cited.not_found.length))}</h3>
            <ul>
                {cited.not_found.map(({ citation, text, doi, arxiv }) => (
                    <li key={citation}>
                        <bdi class="citation">{citation}</bdi> {text !== null && text !== citation && <bdi>{text}</bdi>} {doi !== null && <bdi class="quiet">DOI {doi}</bdi>} {arxiv !== null && <bdi class="quiet">arXiv {arxiv}</bdi>}
                    </li>
                ))}
            </ul>
        </details>
    );
}
