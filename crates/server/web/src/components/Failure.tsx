import { describe } from "../state/messages";
import { strings } from "../text/language";

/** Why a view cannot show its content, with a button to try again. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
    return (
        <div class="failure" role="alert">
            <p>{describe(error)}</p>
            {onRetry && (
                <button type="button" onClick={onRetry}>
                    {strings.value.retry}
                </button>
            )}
        </div>
    );
}
