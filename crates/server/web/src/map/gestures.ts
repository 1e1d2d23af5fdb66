/** What somebody does on the map. Places are pixels from the upper left corner. */
export interface Gestures {
    pan(byX: number, byY: number): void;
    /** Makes the map larger by a factor; a place stays where it is, or the middle. */
    zoom(by: number, x?: number, y?: number): void;
    whole(): void;
    /** Brings a place to the middle, larger. A single pointer moves the map so without a drag. */
    center(x: number, y: number): void;
    hover(x: number, y: number): void;
    leave(): void;
    click(x: number, y: number): void;
    /** Opens the paper in the middle. */
    open(): void;
    /** Draws a line around points; the last call says that it is closed, or given up without corners. */
    lasso(corners: readonly (readonly [x: number, y: number])[], isDone: boolean): void;
    /** Gives up what was chosen. */
    escape(): void;
    /** Whether a drag draws a line without the Shift key. */
    isLassoOn(): boolean;
}

/** A pointer that moves less, in pixels, clicks. */
const STILL = 5;

/** The part of the stage that an arrow key moves by. */
const STEP = 0.15;

const ZOOM = 1.5;

/** Follows pointers, the wheel and the keys on an element, until the returned function is called. */
export function followGestures(element: HTMLElement, gestures: Gestures): () => void {
    const pointers = new Map<number, [x: number, y: number]>();
    let corners: [number, number][] | undefined;
    let start: [number, number] | undefined;
    let hasMoved = false;

    const place = (event: MouseEvent): [number, number] => {
        const box = element.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    };
    const pair = () => {
        const [one, other] = [...pointers.values()] as [[number, number], [number, number]];
        return { x: (one[0] + other[0]) / 2, y: (one[1] + other[1]) / 2, distance: Math.hypot(one[0] - other[0], one[1] - other[1]) };
    };
    const giveUpLasso = () => {
        corners && gestures.lasso([], true);
        corners = undefined;
    };

    const onDown = (event: PointerEvent) => {
        // Buttons and papers over the map are no part of it.
        if (event.button !== 0 || (event.target as Element).closest("[data-over-map]")) {
            return;
        }
        element.setPointerCapture(event.pointerId);
        pointers.set(event.pointerId, place(event));
        if (pointers.size === 1) {
            start = place(event);
            hasMoved = false;
            corners = event.shiftKey || gestures.isLassoOn() ? [start] : undefined;
        } else {
            hasMoved = true;
            giveUpLasso();
        }
    };
    const onMove = (event: PointerEvent) => {
        const [x, y] = place(event);
        const before = pointers.get(event.pointerId);
        if (before === undefined) {
            const isOver = (event.target as Element).closest("[data-over-map]");
            event.pointerType !== "touch" && (isOver ? gestures.leave() : gestures.hover(x, y));
            return;
        }
        if (pointers.size === 2) {
            const { x: fromX, y: fromY, distance } = pair();
            pointers.set(event.pointerId, [x, y]);
            const now = pair();
            gestures.pan(now.x - fromX, now.y - fromY);
            distance > 0 && gestures.zoom(now.distance / distance, now.x, now.y);
            return;
        }
        if (!hasMoved && start && Math.hypot(x - start[0], y - start[1]) < STILL) {
            return;
        }
        hasMoved = true;
        pointers.set(event.pointerId, [x, y]);
        gestures.leave();
        if (corners !== undefined) {
            corners.push([x, y]);
            gestures.lasso(corners, false);
        } else if (pointers.size === 1) {
            gestures.pan(x - before[0], y - before[1]);
        }
    };
    const onUp = (event: PointerEvent) => {
        if (!pointers.delete(event.pointerId) || pointers.size > 0) {
            return;
        }
        const isCancelled = event.type === "pointercancel";
        if (corners !== undefined && hasMoved && !isCancelled) {
            gestures.lasso(corners, true);
            corners = undefined;
        } else if (!hasMoved && !isCancelled) {
            corners = undefined;
            gestures.click(...place(event));
        } else {
            giveUpLasso();
        }
    };
    const onWheel = (event: WheelEvent) => {
        if ((event.target as Element).closest("[data-over-map]")) {
            return;
        }
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1;
        // A pinch on a touchpad is a wheel with the Control key and small steps.
        const delta = Math.max(-300, Math.min(300, event.deltaY * lines * (event.ctrlKey ? 6 : 1)));
        gestures.zoom(Math.exp(-delta * 0.0018), ...place(event));
    };
    const onDouble = (event: MouseEvent) => {
        (event.target as Element).closest("[data-over-map]") || gestures.center(...place(event));
    };
    const onKey = (event: KeyboardEvent) => {
        if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        const { clientWidth: width, clientHeight: height } = element;
        const actions: Record<string, () => void> = {
            ArrowLeft: () => gestures.pan(width * STEP, 0),
            ArrowRight: () => gestures.pan(-width * STEP, 0),
            ArrowUp: () => gestures.pan(0, height * STEP),
            ArrowDown: () => gestures.pan(0, -height * STEP),
            "+": () => gestures.zoom(ZOOM),
            "=": () => gestures.zoom(ZOOM),
            "-": () => gestures.zoom(1 / ZOOM),
            "0": gestures.whole,
            Home: gestures.whole,
            Enter: gestures.open,
            Escape: () => {
                giveUpLasso();
                gestures.escape();
            },
        };
        const act = actions[event.key];
        if (act !== undefined) {
            event.preventDefault();
            act();
        }
    };
    const listeners = { pointerdown: onDown, pointermove: onMove, pointerup: onUp, pointercancel: onUp, pointerleave: gestures.leave, dblclick: onDouble, keydown: onKey };
    const all = Object.entries(listeners) as [string, EventListener][];
    all.forEach(([name, listener]) => element.addEventListener(name, listener));
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => {
        all.forEach(([name, listener]) => element.removeEventListener(name, listener));
        element.removeEventListener("wheel", onWheel);
    };
}
