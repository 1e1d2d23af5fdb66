import { useState } from "preact/hooks";

import { getPapersByIds } from "../../api/papers";
import { libraryName } from "../../api/client";
import { useAnswer } from "../../state/answer";
import { addressOf } from "../../state/route";
import { number, strings } from "../../text/language";
import type { Node } from "../../topics/tree";
import { Failure } from "../Failure";
import { Loading } from "../Loading";
import { PaperCards } from "../PaperCards";

const PAGE = 20;

/** The number of central papers from which a search for related ones starts. */
const EXAMPLES = 20;

/** The papers of a topic, the central ones first, in pages. */
export function TopicPapers({ node }: { node: Node }) {
    const texts = strings.value;
    const [count, setCount] = useState(PAGE);
    const ids = node.ids.slice(0, count);
    const answer = useAnswer(JSON.stringify([libraryName.value, ids]), (signal) => getPapersByIds(ids, signal));
    return (
        <section aria-labelledby="topic-papers">
            <div class="bar">
                <h2 id="topic-papers">{texts.papers(node.ids.length, number(node.ids.length))}</h2>
                <a href={addressOf("/related", { like: node.ids.slice(0, EXAMPLES) })}>{texts.relatedToTopic}</a>
            </div>
            {answer.error !== undefined ? (
                <Failure error={answer.error} onRetry={answer.retry} />
            ) : answer.value === undefined ? (
                <Loading />
            ) : (
                <>
                    <PaperCards label={texts.papersOfTopic} papers={answer.value} />
                    {node.ids.length > count && (
                        <button type="button" class="more" disabled={answer.isLoading} onClick={() => setCount(count + PAGE)}>
                            {texts.more}
                        </button>
                    )}
                </>
            )}
        </section>
    );
}
