import { useEffect, useRef } from "preact/hooks";
import type { ComponentChild } from "preact";

import { parts, typeset } from "../text/formulas";

/** A text of a paper: always as text, never as markup, with its formulas typeset and words marked. */
export function Text({ children, marked }: { children: string; marked?: readonly string[] | undefined }) {
    return (
        <>
            {parts(children).map((part, at) =>
                part.isFormula ? <Formula key={at} formula={part.text} /> : mark(part.text, marked),
            )}
        </>
    );
}

function Formula({ formula }: { formula: string }) {
    const element = useRef<HTMLSpanElement>(null);
    useEffect(() => {
        element.current && void typeset(formula, element.current);
    }, [formula]);
    // The effect replaces the content, so preact must not touch it.
    return <span class="formula" ref={element} key={formula}>{formula}</span>;
}

/** Returns a text in which words are marked. */
function mark(text: string, words: readonly string[] | undefined): ComponentChild {
    if (words === undefined || words.length === 0) {
        return text;
    }
    const wanted = new Set(words.map((word) => word.toLowerCase()));
    return text
        .split(/([\p{L}\p{N}]+)/u)
        .map((part, at) => (at % 2 === 1 && wanted.has(part.toLowerCase()) ? <mark key={at}>{part}</mark> : part));
}
