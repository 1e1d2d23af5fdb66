import { useQueryText } from "../state/query_text";

/** A field whose text is the parameter `q` of the address. */
export function SearchField({ label }: { label: string }) {
    const [text, setText] = useQueryText();
    return (
        <form class="search-field" role="search" onSubmit={(event) => event.preventDefault()}>
            <input type="search" aria-label={label} placeholder={label} value={text} autocomplete="off" dir="auto" onInput={(event) => setText(event.currentTarget.value)} />
        </form>
    );
}
