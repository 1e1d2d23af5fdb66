import { useEffect, useRef, useState } from "preact/hooks";

import { number, strings } from "../../text/language";
import { squarify } from "../../topics/squarify";
import type { Node } from "../../topics/tree";
import type { Shade } from "../../views/TopicsView";
import { linkTo, nameOf } from "./TopicTable";

/** Cells that are smaller, in pixels, have no text. They have a name all the same. */
const LEAST_WIDTH = 64;
const LEAST_HEIGHT = 26;

/** From this size on, a cell has the number of its papers too. */
const ROOMY_WIDTH = 96;
const ROOMY_HEIGHT = 60;

/** The topics as cells whose areas are their papers. A cell is a link into its topic. */
export function Treemap({ nodes, path, shade }: { nodes: readonly Node[]; path: readonly string[]; shade: (node: Node) => Shade }) {
    const texts = strings.value;
    const element = useRef<HTMLUListElement>(null);
    const [size, setSize] = useState<{ width: number; height: number }>();
    useEffect(() => {
        const list = element.current!;
        const observer = new ResizeObserver(() => setSize({ width: list.clientWidth, height: list.clientHeight }));
        observer.observe(list);
        return () => observer.disconnect();
    }, []);
    const shades = new Map(nodes.map((node) => [node, shade(node)]));
    const shares = [...shades.values()].flatMap(({ share }) => share ?? []);
    const [least, most] = [Math.min(...shares), Math.max(...shares)];
    /** Returns how strong the color of a cell is, 0 to 100. */
    const strength = ({ share }: Shade) => (share === undefined ? 10 : most === least ? 20 : 4 + 34 * ((share - least) / (most - least)));
    const sorted = nodes.toSorted((one, other) => other.ids.length - one.ids.length);
    const cells = size === undefined ? [] : squarify(sorted.map((node) => node.ids.length), { x: 0, y: 0, ...size });
    return (
        <ul class="treemap" ref={element} aria-label={texts.views.topics}>
            {cells.map(({ x, y, width, height }, at) => {
                const node = sorted[at]!;
                const known = shades.get(node)!;
                const details = [texts.papers(node.ids.length, number(node.ids.length)), known.text].filter(Boolean).join(", ");
                const isReadable = width >= LEAST_WIDTH && height >= LEAST_HEIGHT;
                const hasDetails = width >= ROOMY_WIDTH && height >= ROOMY_HEIGHT;
                return (
                    <li key={node.key ?? ""} style={{ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` }}>
                        <a {...linkTo(path, node)} title={`${nameOf(node)}, ${details}`} style={{ "--strength": `${strength(known).toFixed(0)}%` }}>
                            <bdi class={isReadable ? "" : "hidden-visually"}>{nameOf(node)}</bdi>
                            <span class="hidden-visually">, </span>
                            <small class={hasDetails ? "" : "hidden-visually"}>{details}</small>
                        </a>
                    </li>
                );
            })}
        </ul>
    );
}
