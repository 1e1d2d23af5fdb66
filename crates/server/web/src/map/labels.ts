import type { MapLabel } from "../api/map";
import { type Camera, scaleOf, type Size, toScreen, WHOLE } from "./camera";

/** The space between two labels in pixels. */
const GAP = 6;

/** If the size of the map has changed by this factor since the labels were placed, they are placed anew. */
const TOLERANCE = 1.02;

interface Placed {
    label: MapLabel;
    element: HTMLElement;
    width: number;
    height: number;
    isShown: boolean;
}

/**
 * The names of topics at their places over the map. Of two that would overlap, the first one is shown, so that zooming
 * in shows more of them, and moving shows the same ones. Screen readers have a list instead.
 */
export class Labels {
    private placed: Placed[] = [];
    private scale = 0;
    private anchor: Camera = WHOLE;
    private anchorScale = 0;
    private largest = 1;

    constructor(private readonly layer: HTMLElement) {}

    /** Sets the topics, those that matter most first, with the text and the color of each. */
    set(labels: readonly MapLabel[], text: (label: MapLabel) => string, color: (topic: number) => string): void {
        this.layer.replaceChildren();
        this.largest = Math.max(1, ...labels.map(({ papers }) => papers));
        this.placed = labels.map((label, topic) => {
            const element = document.createElement("bdi");
            element.textContent = text(label);
            element.style.setProperty("--size", (0.78 + 0.42 * Math.sqrt(label.papers / this.largest)).toFixed(2));
            element.style.setProperty("--hue", color(topic));
            this.layer.append(element);
            return { label, element, width: 0, height: 0, isShown: true };
        });
        this.placed.forEach((placed) => {
            placed.width = placed.element.offsetWidth;
            placed.height = placed.element.offsetHeight;
        });
        this.scale = 0;
        this.anchorScale = 0;
    }

    /** Shows the labels at their places of the screen. */
    update(camera: Camera, size: Size): void {
        const scale = scaleOf(camera, size);
        const isLarger = scale > this.scale * TOLERANCE || scale * TOLERANCE < this.scale;
        if (isLarger) {
            this.scale = scale;
            this.place(scale, camera.factor);
        }
        let [byX, byY] = toScreen(camera, size, this.anchor.x, this.anchor.y);
        byX -= size.width / 2;
        byY -= size.height / 2;
        // A movement moves all labels at once, which is faster than each of them, until it is far.
        if (scale !== this.anchorScale || Math.abs(byX) > size.width / 2 || Math.abs(byY) > size.height / 2) {
            this.anchor = camera;
            this.anchorScale = scale;
            byX = 0;
            byY = 0;
            this.placed.forEach((placed) => show(placed, camera, size));
        }
        this.layer.style.transform = `translate(${byX.toFixed(1)}px, ${byY.toFixed(1)}px)`;
    }

    /** Chooses the labels that are shown: those that overlap none before them. */
    private place(scale: number, factor: number): void {
        const shown: Placed[] = [];
        for (const placed of this.placed) {
            const isLargeEnough = factor >= (placed.label.from ?? 0);
            placed.isShown = isLargeEnough && shown.every((other) => {
                const across = Math.abs(placed.label.x - other.label.x) * scale - (placed.width + other.width) / 2;
                const along = Math.abs(placed.label.y - other.label.y) * scale - (placed.height + other.height) / 2;
                return across > GAP || along > GAP;
            });
            placed.isShown && shown.push(placed);
        }
    }

    /** Returns the topic whose label is at a place of the screen. */
    at(camera: Camera, size: Size, x: number, y: number): number | undefined {
        const found = this.placed.findIndex(({ label, element, width, height }) => {
            const [middle, line] = toScreen(camera, size, label.x, label.y);
            return !element.hidden && Math.abs(x - middle) < width / 2 && Math.abs(y - line) < height / 2;
        });
        return found === -1 ? undefined : found;
    }
}

/** Shows a label if it is on the stage, or so near to it that a movement may bring it there. */
function show({ label, element, width, height, isShown }: Placed, camera: Camera, size: Size): void {
    const [x, y] = toScreen(camera, size, label.x, label.y);
    const isNear = Math.abs(x - size.width / 2) < size.width + width && Math.abs(y - size.height / 2) < size.height + height;
    element.hidden = !isShown || !isNear;
    if (!element.hidden) {
        element.style.transform = `translate(${(x - width / 2).toFixed(1)}px, ${(y - height / 2).toFixed(1)}px)`;
    }
}
