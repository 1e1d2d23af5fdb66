import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { getPapersAt, type MapLabel, type Points } from "../../api/map";
import { limited, panned, toMap, toScreen, WHOLE, writeCamera, zoomed } from "../../map/camera";
import { pointsWithin } from "../../map/choose";
import { colorsOf, colorsOfTopics, readPalette } from "../../map/colors";
import { followGestures, type Gestures } from "../../map/gestures";
import { Labels } from "../../map/labels";
import { type Layer, NoWebGl, Scene } from "../../map/scene";
import type { Titles } from "../../map/titles";
import type { FinerLabel } from "../../state/finer_labels";
import { camera, coloring, showPart, stageSize } from "../../state/map";
import { fail } from "../../state/messages";
import { setParameters } from "../../state/route";
import { number, strings } from "../../text/language";
import { Failure } from "../Failure";
import { Icon } from "../Icon";
import { HoverTitle } from "./HoverTitle";

/** How long after the last movement the address names the part that is shown, in milliseconds. */
const SETTLED = 400;

/** How far from the middle a paper may be for the keyboard to open it, in pixels. */
const NEAR_MIDDLE = 80;

const ZOOM = 1.6;

export interface MapStageProps {
    points: Points;
    labels: readonly MapLabel[];
    /** The topics of finer levels, which are shown where the map is large enough. */
    finer: readonly FinerLabel[];
    titles: Titles;
    layers: readonly Layer[];
    /** The point of the paper that is shown beside the map. */
    marked: number | undefined;
    /** Whether a drag chooses points. */
    isLasso: boolean;
    onChoose: (points: readonly number[]) => void;
    onTopic: (label: number) => void;
    onOpen: (id: string) => void;
    onEscape: () => void;
    /** What is shown over the map. */
    children: ComponentChildren;
}

/** The map as a picture that one moves in. The list has the same content for who cannot see it. */
export function MapStage(props: MapStageProps) {
    const { points, labels, finer, titles, layers, marked, isLasso } = props;
    const texts = strings.value;
    const stage = useRef<HTMLDivElement>(null);
    const canvas = useRef<HTMLCanvasElement>(null);
    const names = useRef<HTMLDivElement>(null);
    const [scene, setScene] = useState<Scene>();
    const [overlay, setOverlay] = useState<Labels>();
    const [failure, setFailure] = useState<unknown>();
    const [hovered, setHovered] = useState<{ at: number; isByKey: boolean }>();
    const [line, setLine] = useState<readonly (readonly [number, number])[]>([]);
    const latest = useRef(props);
    latest.current = props;
    const written = useRef(writeCamera(camera.peek()));
    const hues = useMemo(() => colorsOfTopics(labels), [labels]);

    useEffect(() => {
        const element = stage.current!;
        let settle = 0;
        const overlay = new Labels(names.current!);
        const write = () => {
            const text = writeCamera(made.camera);
            if (made.isMoving) {
                settle = setTimeout(write, SETTLED);
            } else if (text !== written.current) {
                written.current = text;
                setParameters({ view: text });
            }
        };
        const onFrame = ({ camera: shown, size }: Scene) => {
            overlay.update(shown, size);
            clearTimeout(settle);
            settle = setTimeout(write, SETTLED);
        };
        let made: Scene;
        try {
            made = new Scene(canvas.current!, points, onFrame);
        } catch (error) {
            setFailure(error);
            return;
        }
        made.camera = camera.peek();
        const resize = () => {
            const size = { width: element.clientWidth, height: element.clientHeight };
            if (size.width > 0 && size.height > 0) {
                stageSize.value = size;
                made.resize(size, devicePixelRatio);
            }
        };
        const observer = new ResizeObserver(resize);
        observer.observe(element);
        const dark = matchMedia("(prefers-color-scheme: dark)");
        const paint = () => made.setPalette(readPalette(element));
        dark.addEventListener("change", paint);
        paint();
        const unfollow = followGestures(element, gesturesOn(made, overlay, element));
        setScene(made);
        setOverlay(overlay);
        return () => {
            clearTimeout(settle);
            observer.disconnect();
            dark.removeEventListener("change", paint);
            unfollow();
            made.close();
        };
    }, []);

    /** Returns what gestures do. */
    const gesturesOn = (made: Scene, overlay: Labels, element: HTMLElement): Gestures => {
        const nearest = () => made.index.nearest(made.camera.x, made.camera.y, NEAR_MIDDLE / (toScreen(made.camera, made.size, made.camera.x + 1, 0)[0] - made.size.width / 2));
        const showMiddle = () => {
            // With the keyboard, the paper in the middle takes the place of the one under the pointer.
            const at = element.matches(":focus-visible") ? nearest() : undefined;
            setHovered(at === undefined ? undefined : { at, isByKey: true });
        };
        const open = async (at: number) => {
            try {
                const [paper] = titles.get(at) === undefined ? await getPapersAt([at], points.revision) : [titles.get(at)!];
                paper && latest.current.onOpen(paper.id);
            } catch (error) {
                fail(error);
            }
        };
        return {
            pan: (byX, byY) => {
                made.move(panned(made.camera, made.size, byX, byY));
                showMiddle();
            },
            zoom: (by, x, y) => {
                made.move(zoomed(made.camera, made.size, by, x, y));
                showMiddle();
            },
            whole: () => made.fly(WHOLE),
            center: (x, y) => {
                const [mapX, mapY] = toMap(made.camera, made.size, x, y);
                made.fly(limited({ x: mapX, y: mapY, factor: made.camera.factor * ZOOM }));
            },
            hover: (x, y) => {
                const at = made.pointAt(x, y);
                setHovered((before) => (before?.at === at ? before : at === undefined ? undefined : { at, isByKey: false }));
            },
            leave: () => setHovered((before) => (before?.isByKey ? before : undefined)),
            click: (x, y) => {
                const at = made.pointAt(x, y);
                const topic = at === undefined ? overlay.at(made.camera, made.size, x, y) : undefined;
                at !== undefined && void open(at);
                topic !== undefined && latest.current.onTopic(topic);
            },
            open: () => {
                const at = nearest();
                at !== undefined && void open(at);
            },
            lasso: (corners, isDone) => {
                setLine(isDone ? [] : [...corners]);
                if (isDone && corners.length > 2) {
                    const places = corners.map(([x, y]) => toMap(made.camera, made.size, x, y));
                    latest.current.onChoose(pointsWithin(points, places));
                }
            },
            escape: () => latest.current.onEscape(),
            isLassoOn: () => latest.current.isLasso,
        };
    };

    useEffect(() => {
        const color = (label: number) => {
            const central = finer[label - labels.length]?.points[0];
            const hue = hues[central === undefined ? label : points.topics[central]!];
            return hue === undefined ? "var(--neutral)" : `var(--hue-${hue})`;
        };
        overlay?.set([...labels, ...finer], ({ words }) => words.slice(0, 2).join(", "), color);
        scene?.invalidate();
    }, [overlay, labels, finer, hues]);
    useEffect(() => scene?.setColors(colorsOf(points, coloring.value, hues)), [scene, coloring.value, hues]);
    useEffect(() => {
        const mark: Layer[] = marked === undefined ? [] : [{ points: [marked], larger: 2, least: 12, hasRing: true }];
        scene?.setLayers([...layers, ...mark], layers.length > 0);
    }, [scene, layers, marked]);
    const asked = writeCamera(camera.value);
    useEffect(() => {
        if (asked !== written.current) {
            written.current = asked;
            scene?.fly(camera.value);
        }
    }, [scene, asked]);

    if (failure !== undefined) {
        return (
            <>
                <Failure error={failure instanceof NoWebGl ? new Error(texts.noWebGl) : failure} />
                {props.children}
            </>
        );
    }
    const place = hovered && scene && toScreen(scene.camera, scene.size, points.positions[2 * hovered.at]!, points.positions[2 * hovered.at + 1]!);
    return (
        <div class={`map-stage${coloring.value === "topic" ? " by-topic" : ""}${isLasso ? " lasso" : hovered ? " pointing" : ""}`}>
            <div
                class="surface"
                ref={stage}
                role="application"
                tabIndex={0}
                aria-label={texts.mapOf(number(points.count))}
                aria-describedby="map-keys"
            >
                <canvas ref={canvas} aria-hidden="true" />
                <div class="names" ref={names} aria-hidden="true" />
                {line.length > 1 && (
                    <svg class="line" aria-hidden="true">
                        <polygon points={line.map((corner) => corner.join(",")).join(" ")} />
                    </svg>
                )}
                <span class="cross" aria-hidden="true" />
                {place && <HoverTitle key={hovered.at} titles={titles} at={hovered.at} x={place[0]} y={place[1]} size={scene.size} isByKey={hovered.isByKey} />}
            </div>
            <p id="map-keys" class="hidden-visually">
                {texts.mapKeys}
            </p>
            <div class="zoom" role="group" aria-label={texts.zoom} data-over-map>
                <button type="button" aria-label={texts.zoomIn} title={texts.zoomIn} onClick={() => scene && scene.fly(zoomed(scene.camera, scene.size, ZOOM))}>
                    <Icon name="plus" />
                </button>
                <button type="button" aria-label={texts.zoomOut} title={texts.zoomOut} onClick={() => scene && scene.fly(zoomed(scene.camera, scene.size, 1 / ZOOM))}>
                    <Icon name="minus" />
                </button>
                <button type="button" aria-label={texts.wholeMap} title={texts.wholeMap} onClick={() => showPart(WHOLE)}>
                    <Icon name="whole" />
                </button>
            </div>
            <div class="over">{props.children}</div>
        </div>
    );
}
