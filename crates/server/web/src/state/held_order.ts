import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Hit } from "../api/documents";

/** A ranking whose order stays while somebody is at it. */
export interface HeldOrder {
    shown: readonly Hit[] | undefined;
    /** Whether there is a newer order, which waits. */
    isOld: boolean;
    /** Shows the newer order. */
    show: () => void;
    /** The handlers of the element with the ranking. */
    handlers: {
        onPointerEnter: (event: PointerEvent) => void;
        onPointerLeave: (event: PointerEvent) => void;
        onFocusOut: (event: FocusEvent) => void;
    };
}

/**
 * Holds the order of a ranking while the pointer is over `element` or the keyboard is in it: a newer order is shown
 * once both have left, or when it is asked for. Fingers do not leave, so that people who touch the page have to ask.
 * Hits that make the ranking longer than before are added below.
 */
export function useHeldOrder(latest: readonly Hit[] | undefined, element: RefObject<HTMLElement | null>): HeldOrder {
    const [state, setState] = useState({ shown: latest, of: latest });
    const isPointedAt = useRef(false);
    // A button that was clicked has the focus too, but not the keyboard.
    const hasKeyboard = () => element.current?.querySelector(":focus-visible") != null;
    const show = () => setState({ shown: latest, of: latest });
    useEffect(() => {
        if (latest === undefined || latest === state.of) {
            return;
        }
        if (state.shown === undefined || !(isPointedAt.current || hasKeyboard())) {
            show();
            return;
        }
        const known = new Set(state.shown.map((hit) => hit.id));
        const further = latest.filter((hit) => !known.has(hit.id)).slice(0, Math.max(0, latest.length - known.size));
        if (further.length > 0) {
            setState({ shown: [...state.shown, ...further], of: state.of });
        }
    }, [latest]);
    const isOld = latest !== undefined && latest !== state.of;
    return {
        shown: state.shown,
        isOld,
        show: () => {
            isPointedAt.current = false;
            show();
        },
        handlers: {
            onPointerEnter: () => (isPointedAt.current = true),
            onPointerLeave: (event) => {
                if (event.pointerType === "mouse") {
                    isPointedAt.current = false;
                    isOld && !hasKeyboard() && show();
                }
            },
            onFocusOut: (event) => {
                const isInside = event.relatedTarget instanceof Node && element.current?.contains(event.relatedTarget);
                if (isOld && !isInside && !isPointedAt.current) {
                    show();
                }
            },
        },
    };
}
