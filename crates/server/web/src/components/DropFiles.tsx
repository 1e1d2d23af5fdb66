import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { strings } from "../text/language";

/**
 * A place for files: they are dropped anywhere on the page, or chosen with a button. While it is shown, the browser
 * does not open a file that misses the place.
 */
export function DropFiles({ accept, onFiles, children }: { accept?: string; onFiles: (files: File[]) => void; children: ComponentChildren }) {
    const input = useRef<HTMLInputElement>(null);
    const [isOver, setIsOver] = useState(false);
    const give = useRef(onFiles);
    give.current = onFiles;
    useEffect(() => {
        const controller = new AbortController();
        const { signal } = controller;
        const has = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
        addEventListener(
            "dragover",
            (event) => {
                if (has(event)) {
                    event.preventDefault();
                    setIsOver(true);
                }
            },
            { signal },
        );
        addEventListener("dragleave", (event) => event.relatedTarget === null && setIsOver(false), { signal });
        addEventListener(
            "drop",
            (event) => {
                setIsOver(false);
                if (has(event)) {
                    event.preventDefault();
                    give.current([...(event.dataTransfer?.files ?? [])]);
                }
            },
            { signal },
        );
        return () => controller.abort();
    }, []);
    return (
        <div class={`drop files${isOver ? " over" : ""}`}>
            {children}
            <button type="button" onClick={() => input.current?.click()}>
                {strings.value.chooseFiles}
            </button>
            <input
                ref={input}
                type="file"
                hidden
                multiple
                accept={accept}
                onChange={(event) => {
                    const files = [...(event.currentTarget.files ?? [])];
                    event.currentTarget.value = "";
                    files.length > 0 && onFiles(files);
                }}
            />
        </div>
    );
}
