import { type MapLabel, NO_TOPIC, type Points } from "../api/map";

/** What the color of a point shows. */
export const COLORINGS = ["topic", "year", "none"] as const;
export type Coloring = (typeof COLORINGS)[number];

/** The colors of topics, of years, and of points without a value, from the style sheet. */
export const HUES = 10;
export const STEPS = 16;
export const NEUTRAL = 0;
const FIRST_STEP = 1 + HUES;

/** The number of colors in all. */
export const COLORS = FIRST_STEP + STEPS;

export type Color = readonly [red: number, green: number, blue: number];

/** The colors of the page as they are now, in the dark or in the light. Each channel is 0 to 1. */
export interface Palette {
    points: readonly Color[];
    background: Color;
    ring: Color;
}

/** Reads the colors from the style sheet, by an element that is within the map. */
export function readPalette(within: HTMLElement): Palette {
    const probe = document.createElement("span");
    within.append(probe);
    const read = (name: string): Color => {
        probe.style.color = `var(--${name})`;
        const [red = 0, green = 0, blue = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map((value) => Number(value) / 255);
        return [red, green, blue];
    };
    const hues = Array.from({ length: HUES }, (_, hue) => read(`hue-${hue + 1}`));
    const stops = [1, 2, 3, 4].map((stop) => read(`ramp-${stop}`));
    const steps = Array.from({ length: STEPS }, (_, step) => {
        const place = (step / (STEPS - 1)) * (stops.length - 1);
        const stop = Math.min(stops.length - 2, Math.floor(place));
        return mixed(stops[stop]!, stops[stop + 1]!, place - stop);
    });
    const palette = { points: [read("neutral"), ...hues, ...steps], background: read("page"), ring: read("text") };
    probe.remove();
    return palette;
}

function mixed(from: Color, to: Color, share: number): Color {
    return [0, 1, 2].map((channel) => from[channel]! + (to[channel]! - from[channel]!) * share) as unknown as Color;
}

/** Returns the color of each topic, 1 to `HUES`. Topics near to each other have different ones if that is possible. */
export function colorsOfTopics(labels: readonly MapLabel[]): number[] {
    const colors: number[] = [];
    labels.forEach((label, topic) => {
        const nearest = new Array<number>(HUES).fill(Infinity);
        for (let other = 0; other < topic; other += 1) {
            const hue = colors[other]! - 1;
            const distance = (labels[other]!.x - label.x) ** 2 + (labels[other]!.y - label.y) ** 2;
            nearest[hue] = Math.min(nearest[hue]!, distance);
        }
        colors.push(1 + nearest.indexOf(Math.max(...nearest)));
    });
    return colors;
}

/** Returns the first and the last year that the colors tell apart: all but the few at each end. */
export function yearsShown({ years }: Points): [first: number, last: number] | undefined {
    const known = years.filter((year) => year !== 0).sort();
    const first = known[Math.floor(known.length * 0.02)];
    const last = known.at(-1);
    return first === undefined || last === undefined ? undefined : [first, last];
}

/** Returns the color of each point. */
export function colorsOf(points: Points, coloring: Coloring, topics: readonly number[]): Uint8Array {
    const colors = new Uint8Array(points.count);
    if (coloring === "topic") {
        for (let at = 0; at < points.count; at += 1) {
            const topic = points.topics[at]!;
            colors[at] = topic === NO_TOPIC ? NEUTRAL : (topics[topic] ?? NEUTRAL);
        }
    } else if (coloring === "year") {
        const [first, last] = yearsShown(points) ?? [0, 0];
        for (let at = 0; at < points.count; at += 1) {
            const year = points.years[at]!;
            const share = last === first ? 1 : Math.min(1, Math.max(0, (year - first) / (last - first)));
            colors[at] = year === 0 ? NEUTRAL : FIRST_STEP + Math.round(share * (STEPS - 1));
        }
    } else {
        colors.fill(1);
    }
    return colors;
}
