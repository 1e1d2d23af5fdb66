import type { Points } from "../api/map";
import type { Box } from "./camera";

/** Returns the points in a rectangle. */
export function pointsIn({ positions, count }: Points, { left, right, bottom, top }: Box): number[] {
    const found: number[] = [];
    for (let at = 0; at < count; at += 1) {
        const x = positions[2 * at]!;
        const y = positions[2 * at + 1]!;
        x >= left && x <= right && y >= bottom && y <= top && found.push(at);
    }
    return found;
}

/** Returns the points of a topic. */
export function pointsOf({ topics, count }: Points, topic: number): number[] {
    const found: number[] = [];
    for (let at = 0; at < count; at += 1) {
        topics[at] === topic && found.push(at);
    }
    return found;
}

/** Returns the points within a polygon, whose corners are places of the map. */
export function pointsWithin(points: Points, corners: readonly (readonly [x: number, y: number])[]): number[] {
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    const box = { left: Math.min(...xs), right: Math.max(...xs), bottom: Math.min(...ys), top: Math.max(...ys) };
    return pointsIn(points, box).filter((at) => isWithin(points.positions[2 * at]!, points.positions[2 * at + 1]!, corners));
}

/** Returns whether a ray from a place crosses the sides of a polygon an odd number of times. */
function isWithin(x: number, y: number, corners: readonly (readonly [x: number, y: number])[]): boolean {
    let isInside = false;
    let [fromX, fromY] = corners.at(-1)!;
    for (const [toX, toY] of corners) {
        if (fromY > y !== toY > y && x < ((toX - fromX) * (y - fromY)) / (toY - fromY) + fromX) {
            isInside = !isInside;
        }
        [fromX, fromY] = [toX, toY];
    }
    return isInside;
}

/** Returns the points that are nearest to the middle of some points, the nearest first, at most `limit` of them. */
export function central({ positions }: Points, chosen: readonly number[], limit: number): number[] {
    let x = 0;
    let y = 0;
    for (const at of chosen) {
        x += positions[2 * at]! / chosen.length;
        y += positions[2 * at + 1]! / chosen.length;
    }
    return nearestTo(positions, chosen, x, y, limit);
}

/** Returns the points that are nearest to a place, the nearest first, at most `limit` of them. */
export function nearestTo(positions: Float32Array, chosen: readonly number[], x: number, y: number, limit: number): number[] {
    const distances = new Float32Array(chosen.length);
    chosen.forEach((at, index) => (distances[index] = (positions[2 * at]! - x) ** 2 + (positions[2 * at + 1]! - y) ** 2));
    // Only those up to the distance of the last one that is wanted have to be sorted.
    const sorted = limit < chosen.length ? distances.slice().sort() : distances;
    const farthest = limit < chosen.length ? sorted[limit - 1]! : Infinity;
    const near = [...chosen.keys()].filter((index) => distances[index]! <= farthest);
    near.sort((one, other) => distances[one]! - distances[other]! || chosen[one]! - chosen[other]!);
    return near.slice(0, limit).map((index) => chosen[index]!);
}

/** Returns the rectangle around the inner nine tenths of points, in each direction. */
export function boxAround({ positions }: Points, chosen: readonly number[]): Box {
    const side = (axis: 0 | 1, share: number) => {
        const values = Float32Array.from(chosen, (at) => positions[2 * at + axis]!).sort();
        return values[Math.round((values.length - 1) * share)] ?? 0;
    };
    return { left: side(0, 0.05), right: side(0, 0.95), bottom: side(1, 0.05), top: side(1, 0.95) };
}
