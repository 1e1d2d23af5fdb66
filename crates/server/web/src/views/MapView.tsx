import { useEffect, useMemo, useState } from "preact/hooks";

import { get, libraryName } from "../api/client";
import type { Hits } from "../api/documents";
import { getMap, getPapersOf, keyOfMap, type MapDocument, type Points } from "../api/map";
import { Failure } from "../components/Failure";
import { Loading } from "../components/Loading";
import { ChosenPanel } from "../components/map/ChosenPanel";
import { LayoutJob } from "../components/map/LayoutJob";
import { Legend } from "../components/map/Legend";
import { MapList } from "../components/map/MapList";
import { MapStage } from "../components/map/MapStage";
import { MapTools } from "../components/map/MapTools";
import { PaperPanel } from "../components/map/PaperPanel";
import { boxAround, pointsIn, pointsOf } from "../map/choose";
import { boxOf, fitted } from "../map/camera";
import type { Layer } from "../map/scene";
import { Titles } from "../map/titles";
import { useAnswer } from "../state/answer";
import { useFinerLabels } from "../state/finer_labels";
import { camera, isList, openId, pointsOfMap, query, showPart, stageSize } from "../state/map";
import { fail } from "../state/messages";
import { setParameters } from "../state/route";
import { number, strings } from "../text/language";

/** The number of hits of a search that are lit. */
const LIT = 200;

/** The view of all papers as points of a map. */
export default function MapView() {
    const texts = strings.value;
    const answer = useAnswer(keyOfMap(), getMap);
    const document = answer.value;
    return (
        <div class="map-view">
            <h1 class="hidden-visually">{texts.views.map}</h1>
            {answer.error !== undefined ? (
                <Failure error={answer.error} onRetry={answer.retry} />
            ) : document === undefined || answer.isLoading ? (
                <Loading />
            ) : document.map === null ? (
                <LayoutJob papers={document.papers} onDone={answer.retry} isFirst />
            ) : (
                <WithLayout document={document} map={document.map} onChanged={answer.retry} />
            )}
        </div>
    );
}

function WithLayout({ document, map, onChanged }: { document: MapDocument; map: NonNullable<MapDocument["map"]>; onChanged: () => void }) {
    const texts = strings.value;
    const answer = useAnswer(JSON.stringify([libraryName.value, map.revision]), (signal) => pointsOfMap(map.revision, signal));
    const points = answer.value;
    const isOther = points !== undefined && points.revision !== map.revision;
    useEffect(() => {
        // The library has changed between the two requests.
        isOther && onChanged();
    }, [isOther]);
    if (answer.error !== undefined) {
        return <Failure error={answer.error} onRetry={onChanged} />;
    }
    if (points === undefined || answer.isLoading) {
        return <Loading label={texts.loadingPoints(number(map.points))} />;
    }
    return (
        <>
            <MapOfPoints key={points.revision} points={points} document={document} />
            <LayoutState document={document} map={map} onChanged={onChanged} />
        </>
    );
}

/** How old the layout is, and a way to a new one. */
function LayoutState({ document, map, onChanged }: { document: MapDocument; map: NonNullable<MapDocument["map"]>; onChanged: () => void }) {
    const texts = strings.value;
    return (
        <div class="layout-state">
            <p>
                {texts.papers(map.points, number(map.points))}
                {map.placed > 0 && `. ${texts.placedSince(map.placed, number(map.placed))}`}
                {map.removed > 0 && `. ${texts.removedSince(map.removed, number(map.removed))}`}
                {map.neighbors_kept !== undefined && `. ${texts.neighborsKept(number(100 * map.neighbors_kept))}`}
                {!map.is_stored && `. ${texts.notStored}`}
            </p>
            {!map.is_current && <LayoutJob papers={document.papers} onDone={onChanged} />}
        </div>
    );
}

function MapOfPoints({ points, document }: { points: Points; document: MapDocument }) {
    const { labels } = document;
    const [chosen, setChosen] = useState<readonly number[]>();
    const [isLasso, setIsLasso] = useState(false);
    const titles = useMemo(() => new Titles(points.revision, fail), [points]);
    const hits = useHits(points, titles);
    const open = openId.value;
    const openAnswer = useAnswer(open && JSON.stringify([points.revision, open]), async (signal) => {
        const found = await getPapersOf([open!], points.revision, signal);
        titles.add(found);
        return found[0]?.at;
    });
    const openAt = open === undefined ? undefined : openAnswer.value;

    const layers = useMemo(() => {
        const found: Layer[] = [];
        chosen && found.push({ points: chosen, larger: 1.15, least: 1.5, hasRing: false });
        hits.lit && found.push({ points: hits.lit.toReversed(), larger: 1.5, least: 7, hasRing: true });
        return found;
    }, [chosen, hits.lit]);
    const finer = useFinerLabels(points);
    const goToTopic = (label: number) => {
        const ofTopic = finer[label - labels.length]?.points ?? pointsOf(points, label);
        setChosen(ofTopic);
        ofTopic.length > 0 && showPart(fitted(boxAround(points, ofTopic), stageSize.value));
    };
    const choose = (found: readonly number[]) => {
        setChosen(found.length > 0 ? found : undefined);
        setIsLasso(false);
    };
    const panels = (
        <>
            {chosen && <ChosenPanel points={points} chosen={chosen} onClose={() => setChosen(undefined)} />}
            {open !== undefined && <PaperPanel id={open} topic={openAt === undefined ? undefined : labels[points.topics[openAt]!]} />}
        </>
    );
    return (
        <>
            <MapTools hits={hits} isLasso={isLasso} onLasso={() => setIsLasso(!isLasso)} onAllInView={() => choose(pointsIn(points, boxOf(camera.value, stageSize.value)))} />
            {isList.value ? (
                <>
                    {panels}
                    <MapList points={points} labels={labels} titles={titles} chosen={chosen} hits={hits.lit} onTopic={goToTopic} />
                </>
            ) : (
                <MapStage
                    points={points}
                    labels={labels}
                    finer={finer}
                    titles={titles}
                    layers={layers}
                    marked={openAt}
                    isLasso={isLasso}
                    onChoose={choose}
                    onTopic={goToTopic}
                    onOpen={(id) => setParameters({ paper: id }, "push")}
                    onEscape={() => {
                        choose([]);
                        open !== undefined && setParameters({ paper: undefined }, "push");
                    }}
                >
                    <Legend points={points} />
                    {panels}
                </MapStage>
            )}
        </>
    );
}

/** The hits of the search, as points. */
export interface LitHits {
    /** The points of the hits, the best first, or `undefined` if nothing is searched for. */
    lit: readonly number[] | undefined;
    /** The number of hits that the search found in all. */
    total: number;
    isLoading: boolean;
    error: unknown;
}

function useHits(points: Points, titles: Titles): LitHits {
    const text = query.value.trim();
    const answer = useAnswer(text === "" ? undefined : JSON.stringify([points.revision, text]), async (signal) => {
        const found = await get<Hits>("search", { q: text, limit: LIT }, signal);
        const papers = await getPapersOf(found.hits.map((hit) => hit.id), points.revision, signal);
        titles.add(papers);
        return { lit: papers.map((paper) => paper.at), total: found.total };
    });
    const found = text === "" ? undefined : answer.value;
    return { lit: found?.lit, total: found?.total ?? 0, isLoading: answer.isLoading, error: answer.error };
}
