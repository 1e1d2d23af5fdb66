import { useMemo, useRef } from "preact/hooks";

import { get, libraryName } from "../api/client";
import type { Topics } from "../api/documents";
import { getPapersOf, type MapLabel, type Points } from "../api/map";
import { RESOLUTIONS } from "../topics/tree";
import { useAnswer } from "./answer";
import { camera } from "./map";

/** A topic of a finer level on the map, which is shown only where the map is large enough. */
export interface FinerLabel extends MapLabel {
    /** How many times larger than the whole map it must be. */
    from: number;
    /** The points of the topic, the central ones first. */
    points: readonly number[];
}

/** From this size of the map on, the topics of each finer level are shown. */
const FROM = [2, 5] as const;

/** The places of the papers are read one by one, which takes too long for a larger map. */
const MOST_POINTS = 30_000;

const NONE: readonly FinerLabel[] = [];

/**
 * Finds the topics of finer levels and their places, once somebody has zoomed in. Without them, the map has the topics
 * of its layout alone.
 */
export function useFinerLabels(points: Points): readonly FinerLabel[] {
    const isWanted = useRef(false);
    isWanted.current ||= camera.value.factor >= FROM[0] && points.count <= MOST_POINTS;
    const places = useAnswer(isWanted.current ? JSON.stringify([libraryName.value, points.revision]) : undefined, async (signal) => {
        const levels = await Promise.all(RESOLUTIONS.slice(1).map((resolution) => get<Topics>("topics", { resolution, central: 0 }, signal)));
        const papers = await getPapersOf(levels[0]!.topics.flatMap(({ ids }) => ids), points.revision, signal);
        const at = new Map(papers.map((paper) => [paper.id, paper.at]));
        return levels.flatMap(({ topics }, level) =>
            topics.map(({ words, ids }) => {
                const ofTopic = ids.flatMap((id) => at.get(id) ?? []);
                return { words, papers: ofTopic.length, points: ofTopic, from: FROM[level]!, x: median(points, ofTopic, 0), y: median(points, ofTopic, 1) };
            }),
        );
    });
    const found = places.value;
    return useMemo(() => found?.filter((label) => label.papers > 0) ?? NONE, [found]);
}

function median({ positions }: Points, chosen: readonly number[], axis: 0 | 1): number {
    const values = Float32Array.from(chosen, (at) => positions[2 * at + axis]!).sort();
    return values[values.length >> 1] ?? 0;
}
