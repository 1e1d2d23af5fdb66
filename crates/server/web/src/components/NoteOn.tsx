import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Paper } from "../api/documents";
import { noteOn, setNote } from "../state/lists";
import { canWrite } from "../state/server";
import { strings } from "../text/language";

/** The note on a paper on one list, which one can write and change. */
export function NoteOn({ paper, list }: { paper: Paper; list: string }) {
    const texts = strings.value;
    const note = noteOn(paper, list);
    const [isOpen, setIsOpen] = useState(false);
    const field = useRef<HTMLTextAreaElement>(null);
    const button = useRef<HTMLButtonElement>(null);
    const id = useId();
    // At once, or the first keys would be taken for shortcuts.
    useLayoutEffect(() => {
        isOpen && field.current?.focus();
    }, [isOpen]);
    const close = () => {
        setIsOpen(false);
        requestAnimationFrame(() => button.current?.focus());
    };
    const save = async () => {
        const text = field.current?.value.trim() ?? "";
        if (text === note || (await setNote(paper, list, text))) {
            close();
        }
    };
    if (isOpen) {
        return (
            <form
                class="note"
                onSubmit={(event) => {
                    event.preventDefault();
                    void save();
                }}
                onKeyDown={(event) => {
                    if (event.key === "Escape") {
                        close();
                    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                        event.preventDefault();
                        void save();
                    }
                }}
            >
                <label for={id}>{texts.note}</label>
                <textarea id={id} ref={field} rows={3} dir="auto">
                    {note}
                </textarea>
                <p class="buttons">
                    <button type="submit" class="primary">
                        {texts.desk.save}
                    </button>
                    <button type="button" onClick={close}>
                        {texts.cancel}
                    </button>
                </p>
            </form>
        );
    }
    return (
        <>
            {note !== "" && (
                <blockquote class="note-text" aria-label={texts.note} dir="auto">
                    {note}
                </blockquote>
            )}
            {canWrite.value && (
                <button ref={button} type="button" class="toggle" onClick={() => setIsOpen(true)}>
                    {note === "" ? texts.desk.addNote : texts.desk.editNote}
                </button>
            )}
        </>
    );
}
