/** Which part of the map is shown: the point in the middle, and how many times larger than the whole map. */
export interface Camera {
    readonly x: number;
    readonly y: number;
    readonly factor: number;
}

/** The size of the stage in pixels of CSS. */
export interface Size {
    readonly width: number;
    readonly height: number;
}

/** A rectangle of the map. */
export interface Box {
    readonly left: number;
    readonly right: number;
    readonly bottom: number;
    readonly top: number;
}

export const WHOLE: Camera = { x: 0, y: 0, factor: 1 };

const MIN_FACTOR = 0.7;
const MAX_FACTOR = 4_000;

/** The part of the stage that the whole map fills. */
const FILLED = 0.94;

/** Returns the pixels of a unit of the map. */
export function scaleOf(camera: Camera, size: Size): number {
    return (Math.min(size.width, size.height) / 2) * FILLED * camera.factor;
}

export function toScreen(camera: Camera, size: Size, x: number, y: number): [x: number, y: number] {
    const scale = scaleOf(camera, size);
    return [size.width / 2 + (x - camera.x) * scale, size.height / 2 - (y - camera.y) * scale];
}

export function toMap(camera: Camera, size: Size, x: number, y: number): [x: number, y: number] {
    const scale = scaleOf(camera, size);
    return [camera.x + (x - size.width / 2) / scale, camera.y - (y - size.height / 2) / scale];
}

/** Returns the part of the map that the stage shows. */
export function boxOf(camera: Camera, size: Size): Box {
    const [left, top] = toMap(camera, size, 0, 0);
    const [right, bottom] = toMap(camera, size, size.width, size.height);
    return { left, right, bottom, top };
}

/** Returns a camera that is within the limits, so that the map cannot be lost. */
export function limited({ x, y, factor }: Camera): Camera {
    const within = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
    return { x: within(x, -1, 1), y: within(y, -1, 1), factor: within(factor, MIN_FACTOR, MAX_FACTOR) };
}

/** Returns the camera after a drag by some pixels. */
export function panned(camera: Camera, size: Size, byX: number, byY: number): Camera {
    const scale = scaleOf(camera, size);
    return limited({ ...camera, x: camera.x - byX / scale, y: camera.y + byY / scale });
}

/** Returns the camera after zooming; the place at the given pixel stays there. */
export function zoomed(camera: Camera, size: Size, by: number, x = size.width / 2, y = size.height / 2): Camera {
    const { factor } = limited({ ...camera, factor: camera.factor * by });
    const [mapX, mapY] = toMap(camera, size, x, y);
    const ratio = camera.factor / factor;
    return limited({ x: mapX + (camera.x - mapX) * ratio, y: mapY + (camera.y - mapY) * ratio, factor });
}

/** Returns a camera that shows a rectangle with some room around it. */
export function fitted(box: Box, size: Size): Camera {
    const unit = scaleOf(WHOLE, size);
    const width = Math.max(box.right - box.left, 1e-4);
    const height = Math.max(box.top - box.bottom, 1e-4);
    const factor = 0.85 * Math.min(size.width / (width * unit), size.height / (height * unit));
    return limited({ x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, factor });
}

/** Returns the camera at a time between two others, 0 to 1. */
export function between(from: Camera, to: Camera, time: number): Camera {
    const eased = time * time * (3 - 2 * time);
    const factor = from.factor * (to.factor / from.factor) ** eased;
    // A place keeps its course on the screen if the middle moves with the size of the part that is shown.
    const part = Math.abs(to.factor / from.factor - 1) < 1e-6 ? eased : (1 / from.factor - 1 / factor) / (1 / from.factor - 1 / to.factor);
    return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, factor };
}

/** Writes a camera for the address of the page. */
export function writeCamera({ x, y, factor }: Camera): string | undefined {
    const isWhole = Math.abs(x) < 1e-4 && Math.abs(y) < 1e-4 && Math.abs(factor - 1) < 1e-3;
    return isWhole ? undefined : [x.toFixed(5), y.toFixed(5), factor.toPrecision(5)].map(Number).join(",");
}

/** Reads a camera from the address of the page. */
export function readCamera(text: string | null): Camera {
    const [x, y, factor] = (text ?? "").split(",").map(Number);
    const isValid = [x, y, factor].every((value) => value !== undefined && Number.isFinite(value)) && factor! > 0;
    return isValid ? limited({ x: x!, y: y!, factor: factor! }) : WHOLE;
}
