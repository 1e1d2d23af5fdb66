import { get, inPath, libraryName } from "../api/client";
import type { Paper, ShownPaper } from "../api/documents";
import { Failure } from "../components/Failure";
import { Loading } from "../components/Loading";
import { PaperActions } from "../components/PaperActions";
import { Source, titleOf } from "../components/PaperCard";
import { RelatedTo } from "../components/RelatedTo";
import { Text } from "../components/Text";
import { useAnswer } from "../state/answer";
import { addressOf, addressOfPaper, place } from "../state/route";
import { date, strings } from "../text/language";
import { NotesOf } from "../components/NotesOf";

/** The view of one paper. */
export default function PaperView() {
    const texts = strings.value;
    const { id } = place.value;
    const answer = useAnswer(JSON.stringify([libraryName.value, id]), async (signal) => (await get<{ paper: ShownPaper }>(`papers/${inPath(id)}`, {}, signal)).paper);
    const paper = answer.value;
    if (answer.error !== undefined) {
        return <Failure error={answer.error} onRetry={answer.retry} />;
    }
    if (paper === undefined || answer.isLoading) {
        return <Loading />;
    }
    return (
        <div class="paper-view">
            <article>
                <h1 dir="auto">
                    <Text>{titleOf(paper)}</Text>
                </h1>
                <Source paper={paper} />
                <PaperActions paper={paper} all />
                <NotesOf paper={paper} key={paper.id} />
                <h2>{texts.abstract}</h2>
                <p class="abstract" dir="auto">
                    {paper.abstract === "" ? <em>{texts.noAbstract}</em> : <Text>{paper.abstract}</Text>}
                </p>
                <Details paper={paper} />
                {paper.versions.length > 0 && (
                    <>
                        <h2>{texts.versions}</h2>
                        <ul>
                            {paper.versions.map((version) => (
                                <li key={version.id}>
                                    <a href={addressOfPaper(version.id)} dir="auto">
                                        <Text>{titleOf(version)}</Text>
                                    </a>
                                    <Source paper={version} />
                                </li>
                            ))}
                        </ul>
                    </>
                )}
                {paper.references.length > 0 && (
                    <details>
                        <summary>
                            {texts.references} ({paper.references.length})
                        </summary>
                        <ul class="references">
                            {paper.references.map((reference) => (
                                <li key={reference}>
                                    <a href={addressOfPaper(reference)}>{reference}</a>
                                </li>
                            ))}
                        </ul>
                    </details>
                )}
            </article>
            <section aria-label={texts.related}>
                <h2>{texts.related}</h2>
                <RelatedTo like={[paper]} key={paper.id} />
            </section>
        </div>
    );
}

function Details({ paper }: { paper: Paper }) {
    const texts = strings.value;
    const { fields } = texts;
    const rows: [name: string, value: string | null | undefined, target?: string | undefined][] = [
        [fields.published, paper.published && date(paper.published)],
        [fields.updated, paper.updated && date(paper.updated)],
        [fields.venue, paper.venue],
        [fields.volume, paper.volume],
        [fields.number, paper.number],
        [fields.pages, paper.pages],
        [fields.publisher, paper.publisher],
        [fields.doi, paper.doi, paper.doi === null ? undefined : `https://doi.org/${encodeURI(paper.doi)}`],
        [fields.arxiv, paper.arxiv, paper.arxiv === null ? undefined : `https://arxiv.org/abs/${encodeURI(paper.arxiv)}`],
        [fields.pmid, paper.pmid, paper.pmid && `https://pubmed.ncbi.nlm.nih.gov/${encodeURIComponent(paper.pmid)}/`],
        [fields.isbn, paper.isbn],
        [fields.issn, paper.issn],
        [fields.language, paper.language],
        [fields.type, paper.type],
        [fields.url, paper.url, safeAddress(paper.url)],
        [fields.id, paper.id],
        [fields.added, paper.added && date(paper.added)],
    ];
    return (
        <>
            <h2>{texts.details}</h2>
            <dl class="details">
                {rows.map(
                    ([name, value, target]) =>
                        value && (
                            <div key={name}>
                                <dt>{name}</dt>
                                <dd>
                                    {target ? (
                                        <a href={target} target="_blank" rel="noreferrer noopener">
                                            <bdi>{value}</bdi>
                                        </a>
                                    ) : (
                                        <bdi>{value}</bdi>
                                    )}
                                </dd>
                            </div>
                        ),
                )}
                {paper.categories.length > 0 && (
                    <div>
                        <dt>{fields.categories}</dt>
                        <dd>
                            {paper.categories.map((category) => (
                                <a key={category} class="category" href={addressOf("/", { category })}>
                                    {category}
                                </a>
                            ))}
                        </dd>
                    </div>
                )}
            </dl>
        </>
    );
}

/** Returns an address if a click on it runs no script. */
function safeAddress(url: string | null): string | undefined {
    return url !== null && /^https?:\/\//i.test(url) ? url : undefined;
}
