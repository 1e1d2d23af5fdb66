import { useState } from "preact/hooks";

import { getPapersAt, type Points } from "../../api/map";
import { getPapersByIds } from "../../api/papers";
import { central } from "../../map/choose";
import { isList } from "../../state/map";
import { fail } from "../../state/messages";
import { addressOf, go, setParameters } from "../../state/route";
import { selection } from "../../state/selection";
import { number, strings } from "../../text/language";
import { Icon } from "../Icon";

/** The most papers that a search starts from, and the most that are selected at once. */
const MOST_EXAMPLES = 100;
const MOST_SELECTED = 500;

/** What can be done with the points that were chosen. */
export function ChosenPanel({ points, chosen, onClose }: { points: Points; chosen: readonly number[]; onClose: () => void }) {
    const texts = strings.value;
    const [isBusy, setIsBusy] = useState(false);
    const count = chosen.length;
    const idsOf = async (limit: number) => (await getPapersAt(central(points, chosen, limit), points.revision)).map((paper) => paper.id);
    const work = async (act: () => Promise<void>) => {
        setIsBusy(true);
        try {
            await act();
        } catch (error) {
            fail(error);
        }
        setIsBusy(false);
    };
    const search = async () => go(addressOf("/related", { like: await idsOf(MOST_EXAMPLES) }));
    const select = async () => {
        const papers = await getPapersByIds(await idsOf(MOST_SELECTED));
        const known = new Set(selection.value.map((paper) => paper.id));
        selection.value = [...selection.value, ...papers.filter((paper) => !known.has(paper.id))];
    };
    return (
        <section class="panel" aria-label={texts.chosenPapers} data-over-map>
            <header>
                <strong role="status">{texts.chosenCount(count, number(count))}</strong>
                <button type="button" class="plain" aria-label={texts.clearChosen} onClick={onClose}>
                    <Icon name="close" />
                </button>
            </header>
            <div class="row" aria-busy={isBusy}>
                <button type="button" disabled={isBusy} onClick={() => void work(search)}>
                    {count > MOST_EXAMPLES ? texts.searchByCentral(number(MOST_EXAMPLES)) : texts.searchByThese}
                </button>
                <button type="button" disabled={isBusy} onClick={() => void work(select)}>
                    {count > MOST_SELECTED ? texts.selectCentral(number(MOST_SELECTED)) : texts.selectThese}
                </button>
                {!isList.value && (
                    <button type="button" onClick={() => setParameters({ as: "list" }, "push")}>
                        {texts.asList}
                    </button>
                )}
            </div>
        </section>
    );
}
