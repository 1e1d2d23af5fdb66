import { useMemo, useState } from "preact/hooks";

import { number, strings } from "../../text/language";
import type { Node } from "../../topics/tree";
import { countYears, type Years } from "../../topics/years";
import { linkTo, nameOf } from "./TopicTable";

const HEIGHT = 60;

/** Years before these, which have fewer papers in all than this share, are shown as one. */
const TAIL = 0.02;

/** The papers of topics in each year: a small chart for each topic, all with the same years. */
export function Timeline({ nodes, years, path, isDivided }: { nodes: readonly Node[]; years: Years; path: readonly string[]; isDivided: boolean }) {
    const texts = strings.value;
    const [isShare, setIsShare] = useState(false);
    const { all, counts, total } = useMemo(() => tally(nodes, years), [nodes, years]);
    if (all.length === 0) {
        return <p>{texts.noYears}</p>;
    }
    const value = (node: number, year: number) => {
        const papers = counts[node]!.get(year) ?? 0;
        return isShare ? papers / (total.get(year) || 1) : papers;
    };
    const most = Math.max(...nodes.flatMap((_, node) => all.map((year) => value(node, year))));
    const write = (node: number, year: number) => (isShare ? `${number(100 * value(node, year), 1)} %` : number(value(node, year)));
    const label = (year: number) => (year === all[0] && total.get(year)! > 0 ? texts.orEarlier(year) : String(year));
    return (
        <>
            {isDivided && (
                <p>
                    <label>
                        <input type="checkbox" checked={isShare} onChange={(event) => setIsShare(event.currentTarget.checked)} /> {texts.shareOfYear}
                    </label>
                </p>
            )}
            <ul class="timeline">
                {nodes.map((node, at) => {
                    const peak = all.reduce((best, year) => (value(at, year) > value(at, best) ? year : best), all[0]!);
                    return (
                        <li key={node.key ?? ""}>
                            {isDivided ? (
                                <a {...linkTo(path, node)}>
                                    <bdi>{nameOf(node)}</bdi>
                                </a>
                            ) : (
                                <bdi>{nameOf(node)}</bdi>
                            )}
                            <svg viewBox={`0 0 ${all.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
                                {all.map((year, column) => {
                                    const height = (value(at, year) / most) * HEIGHT;
                                    return (
                                        <g key={year}>
                                            <rect class="area" x={column} y={0} width={1} height={HEIGHT} />
                                            <rect x={column + 0.08} y={HEIGHT - height} width={0.84} height={height} />
                                            <title>{texts.papersOfYear(year, write(at, year))}</title>
                                        </g>
                                    );
                                })}
                            </svg>
                            <p>
                                <span>{all[0]}</span>
                                <span>{texts.mostIn(label(peak), write(at, peak))}</span>
                                <span>{all.at(-1)}</span>
                            </p>
                        </li>
                    );
                })}
            </ul>
            <YearTable nodes={nodes} all={all} label={label} write={write} />
        </>
    );
}

/** The same numbers as a table, which is built when it is opened. */
function YearTable({ nodes, all, label, write }: { nodes: readonly Node[]; all: readonly number[]; label: (year: number) => string; write: (node: number, year: number) => string }) {
    const texts = strings.value;
    const [isOpen, setIsOpen] = useState(false);
    return (
        <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
            <summary>{texts.asTable}</summary>
            {isOpen && (
                <div class="scrolled" tabIndex={0} role="region" aria-label={`${texts.byYear}: ${texts.asTable}`}>
                    <table class="topic-table">
                        <thead>
                            <tr>
                                <th scope="col">{texts.topic}</th>
                                {all.map((year) => (
                                    <th key={year} scope="col">
                                        {label(year)}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {nodes.map((node, at) => (
                                <tr key={node.key ?? ""}>
                                    <th scope="row">
                                        <bdi>{nameOf(node)}</bdi>
                                    </th>
                                    {all.map((year) => (
                                        <td key={year}>{write(at, year)}</td>
                                    ))}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
        </details>
    );
}

/** Counts papers by topic and year. The few before the first year that is shown count for it. */
function tally(nodes: readonly Node[], years: Years) {
    const counts = nodes.map((node) => countYears(node.ids, years));
    const total = new Map<number, number>();
    counts.forEach((ofTopic) => ofTopic.forEach((papers, year) => total.set(year, (total.get(year) ?? 0) + papers)));
    const known = [...total.keys()].sort((one, other) => one - other);
    const papers = [...total.values()].reduce((sum, count) => sum + count, 0);
    let before = 0;
    const first = known.find((year) => (before += total.get(year)!) > TAIL * papers);
    const last = known.at(-1);
    if (first === undefined || last === undefined) {
        return { all: [], counts, total };
    }
    for (const ofTopic of [...counts, total]) {
        for (const year of [...ofTopic.keys()].filter((one) => one < first)) {
            ofTopic.set(first, (ofTopic.get(first) ?? 0) + ofTopic.get(year)!);
            ofTopic.delete(year);
        }
    }
    return { all: Array.from({ length: last - first + 1 }, (_, at) => first + at), counts, total };
}
