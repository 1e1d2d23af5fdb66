import { signal } from "@preact/signals";

import { get, libraryName, post, send } from "./client";
import { Problem } from "./problem";

/** A topic at its place on the map. */
export interface MapLabel {
    x: number;
    y: number;
    words: string[];
    papers: number;
    /** How many times larger than the whole map it must be for the label to be shown. */
    from?: number;
}

/** What the server says about the map of a library. `map` is null without a layout. */
export interface MapDocument {
    generation: string;
    papers: number;
    map: {
        /** The name of this order of points. */
        revision: string;
        generation: string;
        points: number;
        /** The share of the 15 nearest papers that are nearest on the map too. */
        neighbors_kept?: number;
        /** The number of papers that were added since the layout, and have a place among their neighbors. */
        placed: number;
        removed: number;
        is_current: boolean;
        is_stored: boolean;
    } | null;
    /** The topics, the largest first. */
    labels: MapLabel[];
}

/** The title and the year of a point of the map. */
export interface MapPaper {
    at: number;
    id: string;
    title: string;
    year: number | null;
    x: number;
    y: number;
}

/** The topic of a point that is in none. */
export const NO_TOPIC = 0xffff;

/** The points of a map, in the order of the server. */
export interface Points {
    revision: string;
    count: number;
    /** x and y of each point, -1 to 1; y increases upward. */
    positions: Float32Array;
    /** The year of each point, or 0 if it is not known. */
    years: Uint16Array;
    /** The topic of each point as an index of the labels, or `NO_TOPIC`. */
    topics: Uint16Array;
}

/** The largest number of points that one request names. */
const MAX_POINTS = 10_000;

const BYTES_OF_A_POINT = 12;

export function getMap(signal?: AbortSignal): Promise<MapDocument> {
    return get<MapDocument>("map", {}, signal);
}

/** Gets all points: columns of little-endian numbers, as every browser with WebGL2 has them in memory. */
export async function getPoints(signal?: AbortSignal): Promise<Points> {
    const answer = await send("map/points", signal === undefined ? {} : { signal });
    const buffer = await answer.arrayBuffer();
    const count = Math.floor(buffer.byteLength / BYTES_OF_A_POINT);
    return {
        revision: answer.headers.get("x-map-revision") ?? "",
        count,
        positions: new Float32Array(buffer, 0, 2 * count),
        years: new Uint16Array(buffer, 8 * count, count),
        topics: new Uint16Array(buffer, 10 * count, count),
    };
}

/** Gets titles and years of points by their indices. Fails with `changed` if the points have another order now. */
export async function getPapersAt(at: readonly number[], revision: string, signal?: AbortSignal): Promise<MapPaper[]> {
    return getPapers("at", at, revision, signal);
}

/** Gets the points of papers by their ids. Papers that are not on the map are left out. */
export async function getPapersOf(id: readonly string[], revision: string, signal?: AbortSignal): Promise<MapPaper[]> {
    return getPapers("id", id, revision, signal);
}

async function getPapers(name: "at" | "id", items: readonly (number | string)[], revision: string, signal?: AbortSignal): Promise<MapPaper[]> {
    const found: MapPaper[] = [];
    for (let first = 0; first < items.length; first += MAX_POINTS) {
        const body = { [name]: items.slice(first, first + MAX_POINTS), revision };
        try {
            found.push(...(await post<{ papers: MapPaper[] }>("map/papers", body, signal)).papers);
        } catch (error) {
            if (error instanceof Problem && error.kind === "changed") {
                changes.value += 1;
            }
            throw error;
        }
    }
    return found;
}

/** Starts the computation of a layout as a job, and returns its id. */
export async function startLayout(): Promise<string> {
    const answer = await send("map", { method: "POST" });
    return ((await answer.json()) as { id: string }).id;
}

/** How often the server has said that the points are others by now. */
const changes = signal(0);

/** Returns a text that names the map that is shown. It changes when the map has to be read again. */
export function keyOfMap(): string {
    return JSON.stringify([libraryName.value, changes.value]);
}
