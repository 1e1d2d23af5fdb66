import { strings } from "../text/language";

/** A note that something is on its way. */
export function Loading({ label }: { label?: string }) {
    return (
        <p class="loading" role="status">
            {label ?? strings.value.loading} …
        </p>
    );
}
