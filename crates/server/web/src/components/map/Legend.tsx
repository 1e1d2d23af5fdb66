import { useMemo } from "preact/hooks";

import type { Points } from "../../api/map";
import { yearsShown } from "../../map/colors";
import { coloring } from "../../state/map";
import { strings } from "../../text/language";

/** What the colors of years mean. Topics have the colors of their names on the map. */
export function Legend({ points }: { points: Points }) {
    const texts = strings.value;
    const years = useMemo(() => yearsShown(points), [points]);
    if (coloring.value !== "year" || years === undefined) {
        return null;
    }
    return (
        <div class="legend" data-over-map>
            <span>{texts.orEarlier(years[0])}</span>
            <span class="ramp" aria-hidden="true" />
            <span>{years[1]}</span>
            <span class="swatch" aria-hidden="true" />
            <span>{texts.yearUnknown}</span>
        </div>
    );
}
