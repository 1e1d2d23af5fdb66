import { useEffect, useRef, useState } from "preact/hooks";

import { route, setParameters } from "./route";

/** How long nothing was typed, in milliseconds, before the address has the text. */
const PAUSE = 300;

/** Returns the text of a search box, which the address has as its parameter `q`, and what sets it. */
export function useQueryText(): [string, (text: string) => void] {
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
    return [text, setText];
}
