import { useRef } from "preact/hooks";

import type { Hit } from "../api/documents";
import { useSeen } from "../state/seen";
import { type By, restriction } from "../state/windows";
import { strings } from "../text/language";
import { DeskRanking } from "./DeskRanking";
import { PaperCards } from "./PaperCards";
import { SeenBar } from "./SeenBar";

/** The papers since a date, in the order of a classifier over what is liked and disliked. */
export function NewByDesk({ by, since }: { by: By; since: string }) {
    return (
        <DeskRanking filter={{ ...restriction(by, since), not_list: ["hidden"] }} nothing={strings.value.fresh.nothing}>
            {(hits) => <SeenHits hits={hits} />}
        </DeskRanking>
    );
}

function SeenHits({ hits }: { hits: readonly Hit[] }) {
    const texts = strings.value;
    const element = useRef<HTMLDivElement>(null);
    const seen = useSeen(element, hits);
    return (
        <SeenBar seen={seen} papers={hits}>
            {(shown) => (
                <div ref={element}>
                    {shown.length === 0 && hits.length > 0 && <p class="empty">{texts.fresh.allSeen}</p>}
                    <PaperCards label={texts.views.new} papers={shown} isNew={(paper) => seen.before.size > 0 && !seen.before.has(paper.id)} />
                </div>
            )}
        </SeenBar>
    );
}
