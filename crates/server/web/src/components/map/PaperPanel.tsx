import { useEffect, useMemo, useRef } from "preact/hooks";

import { get, inPath, libraryName } from "../../api/client";
import type { ShownPaper } from "../../api/documents";
import type { MapLabel } from "../../api/map";
import { useAnswer } from "../../state/answer";
import { addressOf, setParameters } from "../../state/route";
import { strings } from "../../text/language";
import { Failure } from "../Failure";
import { Icon } from "../Icon";
import { Loading } from "../Loading";
import { PaperCards } from "../PaperCards";

/** The paper that was clicked on, with what can be done with it. */
export function PaperPanel({ id, topic }: { id: string; topic: MapLabel | undefined }) {
    const texts = strings.value;
    const element = useRef<HTMLElement>(null);
    const answer = useAnswer(JSON.stringify([libraryName.value, id]), async (signal) => (await get<{ paper: ShownPaper }>(`papers/${inPath(id)}`, {}, signal)).paper);
    const paper = answer.isLoading ? undefined : answer.value;
    const papers = useMemo(() => (paper === undefined ? [] : [paper]), [paper]);
    useEffect(() => element.current?.focus({ preventScroll: true }), [id]);
    return (
        <section class="panel paper-panel" aria-label={texts.openPaperPanel} tabIndex={-1} ref={element} data-over-map>
            <header>
                <h2>{topic ? <bdi>{topic.words.slice(0, 3).join(", ")}</bdi> : texts.openPaperPanel}</h2>
                <button type="button" class="plain" aria-label={texts.close} onClick={() => setParameters({ paper: undefined }, "push")}>
                    <Icon name="close" />
                </button>
            </header>
            {answer.error !== undefined ? (
                <Failure error={answer.error} onRetry={answer.retry} />
            ) : paper === undefined ? (
                <Loading />
            ) : (
                <>
                    <PaperCards label={texts.openPaperPanel} papers={papers} />
                    <p>
                        <a href={addressOf("/related", { like: [paper.id] })}>{texts.related}</a>
                    </p>
                </>
            )}
        </section>
    );
}
