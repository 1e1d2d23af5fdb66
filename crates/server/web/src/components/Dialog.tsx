import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { strings } from "../text/language";
import { Icon } from "./Icon";

/** A dialog over the page, which keeps the focus until it is closed. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
    const element = useRef<HTMLDialogElement>(null);
    const heading = useId();
    useLayoutEffect(() => {
        const dialog = element.current;
        const before = document.activeElement;
        dialog?.showModal();
        return () => {
            dialog?.close();
            // Unless something else has taken the focus by now.
            if (before instanceof HTMLElement && document.activeElement === document.body) {
                before.focus();
            }
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
