import type { ComponentChildren } from "preact";

import { strings } from "../text/language";
import { Dialog } from "./Dialog";

/** A dialog that asks before something is done that cannot be undone. */
export function Confirm({ title, action, onConfirm, onClose, children }: { title: string; action: string; onConfirm: () => void; onClose: () => void; children: ComponentChildren }) {
    return (
        <Dialog title={title} onClose={onClose}>
            {children}
            <p class="buttons">
                <button type="button" onClick={onClose}>
                    {strings.value.cancel}
                </button>
                <button
                    type="button"
                    class="danger"
                    onClick={() => {
                        onClose();
                        onConfirm();
                    }}
                >
                    {action}
                </button>
            </p>
        </Dialog>
    );
}
