import { useState } from "preact/hooks";

import type { Facets } from "../api/documents";
import { setFilter } from "../state/filters";
import { route } from "../state/route";
import { number, strings } from "../text/language";

const HEIGHT = 48;

/** The numbers of papers by year. A drag over the bars chooses years, and so do the two fields below them. */
export function YearHistogram({ years }: { years: Facets["years"] }) {
    const texts = strings.value;
    const [dragged, setDragged] = useState<{ from: number; to: number }>();
    if (years.length === 0) {
        return null;
    }
    const [first, last] = [years[0]!.year, years.at(-1)!.year];
    const [from, to] = chosenYears(route.value.parameters.get("year"));
    const counts = new Map(years.map(({ year, papers }) => [year, papers]));
    const all = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    const most = Math.max(...counts.values());
    const chosen = dragged ? [Math.min(dragged.from, dragged.to), Math.max(dragged.from, dragged.to)] : [from ?? first, to ?? last];
    const yearAt = (event: PointerEvent) => {
        const box = (event.currentTarget as Element).getBoundingClientRect();
        const share = (event.clientX - box.left) / box.width;
        return Math.min(last, Math.max(first, first + Math.floor(share * all.length)));
    };
    const choose = (low: number | undefined, high: number | undefined) => {
        const isAll = (low ?? first) <= first && (high ?? last) >= last;
        setFilter("year", isAll ? undefined : low === high ? String(low) : `${low ?? ""}-${high ?? ""}`);
    };
    return (
        <fieldset class="years">
            <legend>{texts.years}</legend>
            <svg
                viewBox={`0 0 ${all.length} ${HEIGHT}`}
                preserveAspectRatio="none"
                aria-hidden="true"
                onPointerDown={(event) => {
                    event.currentTarget.setPointerCapture(event.pointerId);
                    setDragged({ from: yearAt(event), to: yearAt(event) });
                }}
                onPointerMove={(event) => dragged && setDragged({ ...dragged, to: yearAt(event) })}
                onPointerUp={() => {
                    dragged && choose(chosen[0], chosen[1]);
                    setDragged(undefined);
                }}
            >
                {all.map((year, at) => {
                    const papers = counts.get(year) ?? 0;
                    const height = papers === 0 ? 0 : Math.max(2, (papers / most) * HEIGHT);
                    const isChosen = year >= chosen[0]! && year <= chosen[1]!;
                    return (
                        <g key={year} class={isChosen ? "chosen" : ""}>
                            <rect class="area" x={at} y={0} width={1} height={HEIGHT} />
                            <rect x={at + 0.08} y={HEIGHT - height} width={0.84} height={height} />
                            <title>{texts.papersOfYear(year, number(papers))}</title>
                        </g>
                    );
                })}
            </svg>
            <div class="range">
                <YearField label={texts.yearFrom} value={from} placeholder={first} onChange={(year) => choose(year, to)} />
                <YearField label={texts.yearTo} value={to} placeholder={last} onChange={(year) => choose(from, year)} />
            </div>
        </fieldset>
    );
}

function YearField({ label, value, placeholder, onChange }: { label: string; value: number | undefined; placeholder: number; onChange: (year: number | undefined) => void }) {
    return (
        <label>
            {label}
            <input
                type="number"
                min={0}
                max={9999}
                value={value ?? ""}
                placeholder={String(placeholder)}
                onChange={(event) => {
                    const year = event.currentTarget.valueAsNumber;
                    onChange(Number.isInteger(year) && year >= 0 && year <= 9999 ? year : undefined);
                }}
            />
        </label>
    );
}

/** Reads `2017`, `2015-2019`, `2015-` and `-2019`. */
function chosenYears(text: string | null): [number | undefined, number | undefined] {
    const match = /^(\d{1,4})?(-)?(\d{1,4})?$/.exec(text ?? "");
    const from = match?.[1] === undefined ? undefined : Number(match[1]);
    const to = match?.[3] === undefined ? undefined : Number(match[3]);
    return match?.[2] === undefined ? [from, from] : [from, to];
}
