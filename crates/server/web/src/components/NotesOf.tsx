import type { Paper } from "../api/documents";
import { listsOf, setNote } from "../state/lists";
import { canWrite } from "../state/server";
import { strings } from "../text/language";

/** The lists that a paper is on, with a field for the note on each. */
export function NotesOf({ paper }: { paper: Paper }) {
    const texts = strings.value;
    const notes = new Map(paper.lists?.map(({ name, note }) => [name, note ?? ""]));
    return (
        <>
            {[...listsOf(paper)].map((list) => (
                <label key={list} class="note">
                    {texts.note} ({texts.listNames[list] ?? list})
                    <textarea rows={2} disabled={!canWrite.value} dir="auto" onChange={(event) => void setNote(paper, list, event.currentTarget.value)}>
                        {notes.get(list) ?? ""}
                    </textarea>
                </label>
            ))}
        </>
    );
}
