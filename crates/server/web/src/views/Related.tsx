import { strings } from "../text/language";
import { RelatedTo } from "../components/RelatedTo";

/** The view of papers that are similar to several papers. */
export default function Related() {
    return (
        <>
            <h1>{strings.value.relatedTo}</h1>
            <h2 class="hidden-visually">{strings.value.related}</h2>
            <RelatedTo like={[]} />
        </>
    );
}
