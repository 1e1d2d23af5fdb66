import { useEffect, useRef, useState } from "preact/hooks";

import { route, setParameters } from "../state/route";

/** How long nothing was typed, in milliseconds, before the address has the text. */
const PAUSE = 300;

/** A field whose text is the parameter `q` of the address. */
export function SearchField({ label }: { label: string }) {
    const inAddress = route.value.parameters.get("q") ?? "";
    const [text, setText] = useState(inAddress);
    const written = useRef(inAddress);
    useEffect(() => {
        // Another address was opened, for example by the button that goes back.
        if (inAddress !== written.current) {
            written.current = inAddress;
            setText(inAddress);
        }
    }, [inAddress]);
    useEffect(() => {
        const timer = setTimeout(() => {
            written.current = text;
            text !== (route.peek().parameters.get("q") ?? "") && setParameters({ q: text });
        }, PAUSE);
        return () => clearTimeout(timer);
    }, [text]);
    return (
        <form class="search-field" role="search" onSubmit={(event) => event.preventDefault()}>
            <input type="search" aria-label={label} placeholder={label} value={text} autocomplete="off" dir="auto" onInput={(event) => setText(event.currentTarget.value)} />
        </form>
    );
}
