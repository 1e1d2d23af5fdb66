import { useState } from "preact/hooks";

import { addressOf, go } from "../state/route";
import { clearSelection, selection } from "../state/selection";
import { BUILT_IN, setOnList } from "../state/lists";
import { fail } from "../state/messages";
import { canWrite } from "../state/server";
import { download, type Format, FORMATS } from "../text/copy";
import { strings } from "../text/language";
import { Dialog } from "./Dialog";
import { Icon } from "./Icon";

export const ENDINGS: Record<Format, string> = { bibtex: "bib", ris: "ris", "csl-json": "json", csv: "csv", jsonl: "jsonl" };

/** Saves papers as a file. */
export async function savePapers(ids: readonly string[], format: Format): Promise<void> {
    try {
        await download("export", { id: ids, format }, `papers.${ENDINGS[format]}`);
    } catch (error) {
        fail(error);
    }
}

/** What can be done with the selected papers. */
export function SelectionBar() {
    const texts = strings.value;
    const papers = selection.value;
    const [asksForList, setAsksForList] = useState(false);
    const ids = papers.map((paper) => paper.id);
    if (papers.length === 0) {
        return null;
    }
    return (
        <section class="selection" aria-label={texts.selectionActions}>
            <strong>{texts.selected(papers.length)}</strong>
            <button type="button" onClick={() => go(addressOf("/related", { like: ids }))}>
                {texts.relatedToSelection}
            </button>
            {canWrite.value && (
                <>
                    <button type="button" onClick={() => void setOnList(papers, "liked", true)}>
                        {texts.liked}
                    </button>
                    <button type="button" onClick={() => setAsksForList(true)}>
                        {texts.addToList} …
                    </button>
                </>
            )}
            {(Object.keys(FORMATS) as Format[]).slice(0, 3).map((format) => (
                <button key={format} type="button" onClick={() => void savePapers(ids, format)}>
                    <Icon name="download" />
                    {FORMATS[format]}
                </button>
            ))}
            <button type="button" onClick={clearSelection}>
                {texts.clearSelection}
            </button>
            {asksForList && <ListDialog onClose={() => setAsksForList(false)} />}
        </section>
    );
}

function ListDialog({ onClose }: { onClose: () => void }) {
    const texts = strings.value;
    return (
        <Dialog title={texts.addToList} onClose={onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    const name = String(new FormData(event.currentTarget).get("list")).trim();
                    name !== "" && void setOnList(selection.value, name, true);
                    onClose();
                }}
            >
                <label>
                    {texts.listName}
                    <input name="list" list="built-in-lists" required maxLength={100} autocomplete="off" />
                </label>
                <datalist id="built-in-lists">
                    {BUILT_IN.map((name) => (
                        <option key={name} value={name} />
                    ))}
                </datalist>
                <button type="submit">{texts.add}</button>
            </form>
        </Dialog>
    );
}
