import type { Points } from "../api/map";
import { between, boxOf, type Camera, scaleOf, type Size, WHOLE } from "./camera";
import type { Palette } from "./colors";
import { type Batch, type Frame, Renderer, type Style } from "./renderer";
import { SpatialIndex } from "./spatial";

/** Points that are drawn over the others. */
export interface Layer {
    points: readonly number[];
    /** How many times larger than the other points they are, and their least diameter in pixels of CSS. */
    larger: number;
    least: number;
    hasRing: boolean;
}

/** How long after the last movement all points are drawn, in milliseconds. */
const REST = 160;

/** How long a flight to another part of the map takes, in milliseconds. */
const FLIGHT = 350;

/**
 * If frames take longer than the first, in milliseconds, the next ones draw fewer points. If the frames of a movement took
 * less than the second, the next movement begins with more points.
 */
const SLOW = 40;
const FAST = 22;

/** Fewer points do not make a frame faster. */
const LEAST = 30_000;

/** A browser without WebGL2, or one in which it is turned off. */
export class NoWebGl extends Error {}

/**
 * A map on a canvas: points, a camera, and the points that are drawn over the others. It draws when something has
 * changed, and never otherwise. While the map moves and drawing is slow, an even sample of the points is drawn, and all
 * of them as soon as the map rests.
 */
export class Scene {
    camera: Camera = WHOLE;
    size: Size = { width: 1, height: 1 };
    readonly index: SpatialIndex;

    /** Whether the part that is shown changes at the moment. */
    isMoving = false;

    private readonly gl: WebGL2RenderingContext;
    private readonly sorted: Float32Array;
    private levels: number;
    private renderer: Renderer | undefined;
    private batch: Batch | undefined;
    private upper: Batch[] = [];
    private layers: readonly Layer[] = [];
    private isFaded = false;
    private colors: Uint8Array;
    private palette: Palette | undefined;
    private ratio = 1;
    private request = 0;
    private rest = 0;
    private restRequest = 0;
    private lastMove = 0;
    private flight = 0;
    private lastFrame = 0;
    private pace = 0;

    /**
     * @param onFrame is called with each frame, for what is drawn over the canvas
     * @throws {NoWebGl} if the browser has no WebGL2
     */
    constructor(
        private readonly canvas: HTMLCanvasElement,
        private readonly points: Points,
        private readonly onFrame: (scene: Scene) => void,
    ) {
        const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false, powerPreference: "high-performance" });
        if (gl === null) {
            throw new NoWebGl();
        }
        this.gl = gl;
        this.index = new SpatialIndex(points.positions);
        this.levels = this.index.levels;
        this.sorted = new Float32Array(2 * points.count);
        this.index.order.forEach((at, place) => {
            this.sorted[2 * place] = points.positions[2 * at]!;
            this.sorted[2 * place + 1] = points.positions[2 * at + 1]!;
        });
        this.colors = new Uint8Array(points.count);
        canvas.addEventListener("webglcontextlost", this.onLost);
        canvas.addEventListener("webglcontextrestored", this.onRestored);
        this.upload();
    }

    private readonly onLost = (event: Event) => {
        // Without this, the browser does not restore the context.
        event.preventDefault();
        this.renderer = undefined;
    };

    private readonly onRestored = () => this.upload();

    private upload(): void {
        this.renderer = new Renderer(this.gl);
        this.batch = this.renderer.batch(this.sorted, this.inOrder(this.colors));
        this.upper = [];
        this.palette && this.renderer.setPalette(this.palette);
        this.setLayers(this.layers, this.isFaded);
    }

    private inOrder(colors: Uint8Array): Uint8Array {
        return Uint8Array.from(this.index.order, (at) => colors[at]!);
    }

    /** Sets the color of each point as an index of the palette. */
    setColors(colors: Uint8Array): void {
        this.colors = colors;
        this.batch && this.renderer?.recolor(this.batch, this.inOrder(colors));
        this.setLayers(this.layers, this.isFaded);
    }

    setPalette(palette: Palette): void {
        this.palette = palette;
        this.renderer?.setPalette(palette);
        this.invalidate();
    }

    /** Sets the points that are drawn over the others, and whether the others fade. */
    setLayers(layers: readonly Layer[], isFaded: boolean): void {
        this.layers = layers;
        this.isFaded = isFaded;
        const { renderer } = this;
        if (renderer !== undefined) {
            this.upper.forEach((batch) => renderer.free(batch));
            this.upper = layers.map(({ points }) => {
                const positions = new Float32Array(2 * points.length);
                points.forEach((at, place) => {
                    positions[2 * place] = this.points.positions[2 * at]!;
                    positions[2 * place + 1] = this.points.positions[2 * at + 1]!;
                });
                return renderer.batch(positions, Uint8Array.from(points, (at) => this.colors[at]!));
            });
        }
        this.invalidate();
    }

    /** Sets the size of the canvas: in pixels of CSS, and how many pixels of the screen each of them has. */
    resize(size: Size, ratio: number): void {
        this.size = size;
        this.ratio = ratio;
        this.canvas.width = Math.max(1, Math.round(size.width * ratio));
        this.canvas.height = Math.max(1, Math.round(size.height * ratio));
        // A canvas is empty after it gets another size.
        this.draw();
    }

    /** Shows another part of the map. */
    move(camera: Camera): void {
        cancelAnimationFrame(this.flight);
        this.moveTo(camera);
    }

    private moveTo(camera: Camera): void {
        this.camera = camera;
        this.lastMove = performance.now();
        if (!this.isMoving) {
            this.isMoving = true;
            this.lastFrame = 0;
            if (this.pace > 0 && this.pace < FAST && this.levels < this.index.levels) {
                this.levels += 1;
            }
            this.pace = 0;
        }
        this.awaitRest();
        this.invalidate();
    }

    /** Draws all points once the map rests. */
    private awaitRest(): void {
        clearTimeout(this.rest);
        this.rest = setTimeout(() => {
            // Movements wait for the frame that is being drawn, and are there at the beginning of the next one.
            cancelAnimationFrame(this.restRequest);
            this.restRequest = requestAnimationFrame(() => {
                if (performance.now() - this.lastMove < REST) {
                    this.awaitRest();
                    return;
                }
                this.isMoving = false;
                this.draw();
            });
        }, REST);
    }

    /** Moves to another part of the map, at once for who wants no motion. */
    fly(to: Camera): void {
        cancelAnimationFrame(this.flight);
        if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
            this.moveTo(to);
            return;
        }
        const from = this.camera;
        const start = performance.now();
        const step = (now: number) => {
            const time = Math.min(1, Math.max(0, (now - start) / FLIGHT));
            this.moveTo(time === 1 ? to : between(from, to, time));
            if (time < 1) {
                this.flight = requestAnimationFrame(step);
            }
        };
        this.flight = requestAnimationFrame(step);
    }

    /** Draws with the next frame of the browser. */
    invalidate(): void {
        this.request ||= requestAnimationFrame((now) => {
            this.request = 0;
            this.keepPace(now);
            this.draw();
        });
    }

    /** Chooses how many points are drawn, by how long the last frames took. */
    private keepPace(now: number): void {
        if (!this.isMoving) {
            return;
        }
        const took = now - this.lastFrame;
        if (this.lastFrame !== 0) {
            this.pace = this.pace === 0 ? took : 0.6 * this.pace + 0.4 * took;
            // Each level has as many points as all levels before it.
            let slower = this.pace / SLOW;
            while (slower > 1 && this.levels > 1 && this.index.countUpTo(this.levels) > LEAST) {
                this.levels -= 1;
                this.pace = 0;
                slower /= 2;
            }
        }
        this.lastFrame = now;
    }

    private draw(): void {
        const { renderer, batch, camera, size } = this;
        if (renderer === undefined || batch === undefined || this.palette === undefined || this.gl.isContextLost()) {
            return;
        }
        const scale = scaleOf(camera, size);
        const frame: Frame = { x: camera.x, y: camera.y, scaleX: (2 * scale) / size.width, scaleY: (2 * scale) / size.height };
        const levels = this.isMoving ? this.levels : this.index.levels;
        const ranges = this.index.ranges(boxOf(camera, size), levels);
        const { diameter, opacity } = this.look(levels);
        renderer.clear(this.canvas.width, this.canvas.height);
        const plain: Style = { size: diameter * this.ratio, opacity: this.isFaded ? opacity * 0.35 : opacity, ring: 0, isColored: !this.isFaded };
        renderer.draw(batch, frame, plain, ranges);
        this.layers.forEach((layer, at) => {
            const width = Math.max(layer.least, diameter * layer.larger) * this.ratio;
            const style: Style = { size: width, opacity: layer.hasRing ? 1 : Math.max(0.75, opacity), ring: layer.hasRing ? Math.max(1, 0.18 * width) : 0, isColored: true };
            renderer.draw(this.upper[at]!, frame, style);
        });
        this.onFrame(this);
    }

    /** Returns the diameter of points in pixels of CSS, and their opacity, by their distance on the screen. */
    private look(levels: number): { diameter: number; opacity: number } {
        const drawn = Math.max(1, this.index.countUpTo(levels));
        // The points fill about a half of the square that is -1 to 1 in both directions.
        const distance = (scaleOf(this.camera, this.size) * 1.4) / Math.sqrt(drawn);
        const wanted = 0.62 * Math.min(distance, 4 + Math.sqrt(distance));
        const diameter = Math.min(14, Math.max(1.25, wanted));
        return { diameter, opacity: Math.min(0.9, Math.max(0.3, wanted / diameter)) };
    }

    /** Returns the point at a place of the screen, or `undefined` if there is none. */
    pointAt(x: number, y: number): number | undefined {
        const scale = scaleOf(this.camera, this.size);
        const mapX = this.camera.x + (x - this.size.width / 2) / scale;
        const mapY = this.camera.y - (y - this.size.height / 2) / scale;
        return this.index.nearest(mapX, mapY, (6 + this.look(this.index.levels).diameter / 2) / scale);
    }

    /** Frees what the scene holds. */
    close(): void {
        cancelAnimationFrame(this.request);
        cancelAnimationFrame(this.flight);
        cancelAnimationFrame(this.restRequest);
        clearTimeout(this.rest);
        this.canvas.removeEventListener("webglcontextlost", this.onLost);
        this.canvas.removeEventListener("webglcontextrestored", this.onRestored);
        this.renderer = undefined;
        this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    }
}
