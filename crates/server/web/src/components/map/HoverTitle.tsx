import { useEffect } from "preact/hooks";

import type { Titles } from "../../map/titles";
import type { Size } from "../../map/camera";
import { strings } from "../../text/language";
import { Text } from "../Text";

/** The widest that a title beside a point is, in pixels. */
const WIDTH = 320;

export interface HoverTitleProps {
    titles: Titles;
    at: number;
    /** Where the point is on the stage, in pixels. */
    x: number;
    y: number;
    size: Size;
    /** Whether the point is in the middle, and the keyboard moves the map. Screen readers read its title out. */
    isByKey: boolean;
}

/** The title and the year of the paper under the pointer, beside its point. */
export function HoverTitle({ titles, at, x, y, size, isByKey }: HoverTitleProps) {
    const texts = strings.value;
    useEffect(() => titles.want([at]), [at]);
    const paper = titles.get(at);
    const width = Math.min(WIDTH, size.width - 16);
    const left = Math.min(Math.max(8, x - width / 2), size.width - width - 8);
    const isAbove = y > size.height / 2;
    const place = { left: `${left}px`, width: `${width}px`, ...(isAbove ? { bottom: `${size.height - y + 12}px` } : { top: `${y + 12}px` }) };
    return (
        <>
            <span class="point" style={{ left: `${x}px`, top: `${y}px` }} aria-hidden="true" />
            <p class="hover-title" style={place} role={isByKey ? "status" : undefined} aria-hidden={!isByKey}>
                {paper === undefined ? (
                    `${texts.loading} …`
                ) : (
                    <>
                        <bdi>
                            <Text>{paper.title.trim() || texts.noTitle}</Text>
                        </bdi>
                        {paper.year !== null && <small>{paper.year}</small>}
                    </>
                )}
            </p>
        </>
    );
}
