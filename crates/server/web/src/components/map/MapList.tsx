import { useMemo, useState } from "preact/hooks";

import { getPapersAt, type MapLabel, type Points } from "../../api/map";
import { getPapersByIds } from "../../api/papers";
import { nearestTo, pointsIn } from "../../map/choose";
import { boxOf, WHOLE } from "../../map/camera";
import type { Titles } from "../../map/titles";
import { useAnswer } from "../../state/answer";
import { camera, showPart, stageSize } from "../../state/map";
import { route } from "../../state/route";
import { number, strings } from "../../text/language";
import { Failure } from "../Failure";
import { Loading } from "../Loading";
import { PaperCards } from "../PaperCards";

const PAGE = 20;

export interface MapListProps {
    points: Points;
    labels: readonly MapLabel[];
    titles: Titles;
    chosen: readonly number[] | undefined;
    hits: readonly number[] | undefined;
    onTopic: (topic: number) => void;
}

/** The map as a list: the topics, and the papers that are chosen or in view, of a search the hits among them. */
export function MapList({ points, labels, titles, chosen, hits, onTopic }: MapListProps) {
    const texts = strings.value;
    const shown = camera.value;
    const isWhole = route.value.parameters.get("view") === null;
    const listed = useMemo(() => {
        const inView = chosen ?? pointsIn(points, boxOf(shown, stageSize.value));
        const among = new Set(inView);
        return hits === undefined ? inView : hits.filter((at) => among.has(at));
    }, [points, chosen, hits, shown]);
    const place = hits !== undefined ? texts.hitsInView : chosen !== undefined ? texts.chosenPapers : isWhole ? texts.allPapers : texts.papersInView;
    return (
        <div class="map-list">
            <section aria-labelledby="map-topics">
                <h2 id="map-topics">{texts.views.topics}</h2>
                <ol>
                    {labels.map((label, topic) => (
                        <li key={topic}>
                            <button type="button" class="plain" onClick={() => onTopic(topic)}>
                                <bdi>{label.words.join(", ")}</bdi>
                                <small>{texts.papers(label.papers, number(label.papers))}</small>
                            </button>
                        </li>
                    ))}
                </ol>
            </section>
            <section aria-labelledby="map-papers">
                <div class="bar">
                    <h2 id="map-papers" aria-live="polite">
                        {place}: {number(listed.length)}
                    </h2>
                    {!isWhole && (
                        <button type="button" onClick={() => showPart(WHOLE)}>
                            {texts.wholeMap}
                        </button>
                    )}
                </div>
                <PapersAt key={JSON.stringify([shown, listed.length, listed[0]])} points={points} titles={titles} listed={listed} isSorted={hits !== undefined} />
            </section>
        </div>
    );
}

/** The papers of points, those in the middle first, in pages. */
function PapersAt({ points, titles, listed, isSorted }: { points: Points; titles: Titles; listed: readonly number[]; isSorted: boolean }) {
    const texts = strings.value;
    const { x, y } = camera.value;
    const [count, setCount] = useState(PAGE);
    const first = isSorted ? listed.slice(0, count) : nearestTo(points.positions, listed, x, y, count);
    const answer = useAnswer(JSON.stringify([points.revision, first]), async (signal) => {
        const at = first.filter((one) => titles.get(one) === undefined);
        at.length > 0 && titles.add(await getPapersAt(at, points.revision, signal));
        return getPapersByIds(first.flatMap((one) => titles.get(one)?.id ?? []), signal);
    });
    if (answer.error !== undefined) {
        return <Failure error={answer.error} onRetry={answer.retry} />;
    }
    if (answer.value === undefined) {
        return <Loading />;
    }
    return (
        <>
            <PaperCards label={texts.papersInView} papers={answer.value} />
            {listed.length > count && (
                <button type="button" class="more" disabled={answer.isLoading} onClick={() => setCount(count + PAGE)}>
                    {texts.more}
                </button>
            )}
        </>
    );
}
