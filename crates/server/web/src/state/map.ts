import { computed, signal } from "@preact/signals";

import { getPoints, type Points } from "../api/map";
import { type Camera, readCamera, type Size, writeCamera } from "../map/camera";
import { COLORINGS, type Coloring } from "../map/colors";
import { route, setParameters } from "./route";

/** The size of the stage, or about that if the map is shown as a list from the beginning. */
export const stageSize = signal<Size>({ width: innerWidth, height: innerHeight * 0.75 });

/** The part of the map that the address names. */
const view = computed(() => route.value.parameters.get("view"));
export const camera = computed<Camera>(() => readCamera(view.value));

/** What the colors of points show. */
export const coloring = computed<Coloring>(() => {
    const name = route.value.parameters.get("color") as Coloring;
    return COLORINGS.includes(name) ? name : "topic";
});

/** Whether the map is shown as a list. */
export const isList = computed(() => route.value.parameters.get("as") === "list");

/** The text whose hits are lit. */
export const query = computed(() => route.value.parameters.get("q") ?? "");

/** The id of the paper that is shown beside the map. */
export const openId = computed(() => route.value.parameters.get("paper") ?? undefined);

/** Shows another part of the map. */
export function showPart(to: Camera, how: "push" | "replace" = "push"): void {
    setParameters({ view: writeCamera(to) }, how);
}

let kept: Points | undefined;

/** Gets the points of a map, or those that were got the last time if they are the same. */
export async function pointsOfMap(revision: string, signal: AbortSignal): Promise<Points> {
    if (kept?.revision !== revision) {
        kept = await getPoints(signal);
    }
    return kept;
}
