import { type ComponentType, render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { libraryName } from "./api/client";
import { Failure } from "./components/Failure";
import { Frame } from "./components/Frame";
import { startKeys } from "./state/keys";
import { forgetChanges } from "./state/lists";
import { fail } from "./state/messages";
import { place, startRouting } from "./state/route";
import { clearSelection } from "./state/selection";
import { info, loadInfo } from "./state/server";
import { language, loadLanguage, strings } from "./text/language";
import Desk from "./views/Desk";
import Library from "./views/Library";
import MapView from "./views/MapView";
import Missed from "./views/Missed";
import New from "./views/New";
import PaperView from "./views/PaperView";
import Related from "./views/Related";
import Search from "./views/Search";
import TopicsView from "./views/TopicsView";

const VIEWS: Record<string, ComponentType> = {
    desk: Desk,
    library: Library,
    map: MapView,
    missed: Missed,
    new: New,
    paper: PaperView,
    related: Related,
    search: Search,
    topics: TopicsView,
};

const failure = signal<unknown>(undefined);

function Page() {
    const { view } = place.value;
    const texts = strings.value;
    const View = VIEWS[view];
    useEffect(() => {
        const name = (texts.views as Record<string, string>)[view];
        document.title = name === undefined ? texts.title : `${name} · ${texts.title}`;
        document.documentElement.lang = language.value;
    }, [view, texts]);
    return (
        <Frame>
            {failure.value !== undefined ? (
                <Failure error={failure.value} onRetry={() => location.reload()} />
            ) : View !== undefined ? (
                <View />
            ) : (
                <p>{texts.notFound}</p>
            )}
        </Frame>
    );
}

startRouting();
startKeys();
effect(() => {
    // Another library has other papers.
    libraryName.value;
    forgetChanges();
    clearSelection();
});
loadInfo().catch((error: unknown) => {
    if (info.peek() === undefined) {
        failure.value = error;
    }
});
await loadLanguage().catch(fail);
render(<Page />, document.querySelector("#app")!);
