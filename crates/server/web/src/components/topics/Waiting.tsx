import { useEffect, useState } from "preact/hooks";

import { library } from "../../state/server";
import { number, strings } from "../../text/language";

/** A note that topics are computed, which the server does once for each state of the library. It has no progress. */
export function Waiting({ text }: { text: string }) {
    const texts = strings.value;
    const [seconds, setSeconds] = useState(0);
    useEffect(() => {
        const timer = setInterval(() => setSeconds((before) => before + 1), 1_000);
        return () => clearInterval(timer);
    }, []);
    const papers = library.value?.papers ?? 0;
    return (
        <div class="waiting">
            <p role="status">
                {text} … {papers > 2_000 && texts.onceForLibrary(number(papers))}
            </p>
            <p aria-hidden="true" class="quiet">
                {seconds > 1 && texts.seconds(number(seconds))}
            </p>
        </div>
    );
}
