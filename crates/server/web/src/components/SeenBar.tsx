import type { ComponentChildren } from "preact";

import type { Paper } from "../api/documents";
import { route, setParameters } from "../state/route";
import type { Seen } from "../state/seen";
import { number, strings } from "../text/language";

/** The choice to see only papers that were not seen before, above those papers. */
export function SeenBar<P extends Paper>({ seen, papers, children }: { seen: Seen; papers: readonly P[]; children: (shown: readonly P[]) => ComponentChildren }) {
    const texts = strings.value;
    const isOnly = route.value.parameters.get("seen") === "no";
    const shown = isOnly ? papers.filter(({ id }) => !seen.before.has(id)) : papers;
    return (
        <>
            <p class="seen-bar">
                <label>
                    <input type="checkbox" checked={isOnly} onChange={(event) => setParameters({ seen: event.currentTarget.checked ? "no" : undefined })} /> {texts.fresh.onlyUnseen}
                </label>
                {seen.before.size > 0 && (
                    <span class="quiet">
                        {texts.fresh.seen(number(seen.before.size))}{" "}
                        <button type="button" class="toggle" onClick={seen.forget}>
                            {texts.fresh.forget}
                        </button>
                    </span>
                )}
            </p>
            {children(shown)}
        </>
    );
}
