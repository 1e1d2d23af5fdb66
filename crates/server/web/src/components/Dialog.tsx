import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { strings } from "../text/language";
import { Icon } from "./Icon";

/** A dialog over the page, which keeps the focus until it is closed. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
    const element = useRef<HTMLDialogElement>(null);
    const heading = useId();
    useEffect(() => {
        const dialog = element.current;
        const before = document.activeElement;
        dialog?.showModal();
        return () => {
            dialog?.close();
            before instanceof HTMLElement && before.focus();
        };
    }, []);
    return (
        <dialog ref={element} aria-labelledby={heading} onCancel={onClose} onClose={onClose}>
            <header>
                <h2 id={heading}>{title}</h2>
                <button type="button" class="plain" aria-label={strings.value.close} onClick={onClose}>
                    <Icon name="close" />
                </button>
            </header>
            {children}
        </dialog>
    );
}
