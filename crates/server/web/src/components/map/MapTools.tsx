import { COLORINGS } from "../../map/colors";
import { coloring, isList, query } from "../../state/map";
import { describe } from "../../state/messages";
import { setParameters } from "../../state/route";
import { number, strings } from "../../text/language";
import type { LitHits } from "../../views/MapView";
import { Icon } from "../Icon";
import { SearchField } from "../SearchField";

/** The search of the map, and how it is shown. */
export function MapTools({ hits, isLasso, onLasso, onAllInView }: { hits: LitHits; isLasso: boolean; onLasso: () => void; onAllInView: () => void }) {
    const texts = strings.value;
    return (
        <div class="map-tools">
            <SearchField label={texts.lightUp} />
            {!isList.value && (
                <>
                    <label>
                        {texts.colorBy}{" "}
                        <select value={coloring.value} onChange={(event) => setParameters({ color: event.currentTarget.value === "topic" ? undefined : event.currentTarget.value })}>
                            {COLORINGS.map((name) => (
                                <option key={name} value={name}>
                                    {texts.colorings[name]}
                                </option>
                            ))}
                        </select>
                    </label>
                    <button type="button" class="toggle" aria-pressed={isLasso} title={texts.lassoHelp} onClick={onLasso}>
                        <Icon name="lasso" />
                        <span>{texts.lasso}</span>
                    </button>
                    {isLasso && (
                        <button type="button" class="toggle" onClick={onAllInView}>
                            {texts.chooseInView}
                        </button>
                    )}
                </>
            )}
            <button type="button" class="toggle" aria-pressed={isList.value} onClick={() => setParameters({ as: isList.value ? undefined : "list" }, "push")}>
                <Icon name="list" />
                <span>{texts.asList}</span>
            </button>
            <p role="status">
                {query.value.trim() !== "" &&
                    (hits.error !== undefined ? describe(hits.error) : hits.isLoading || hits.lit === undefined ? `${texts.loading} …` : texts.litHits(number(hits.lit.length), number(hits.total)))}
            </p>
        </div>
    );
}
