import { type ComponentType, render } from "preact";
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

// What only views that are files of their own have in common is in the file that all views have in common.
import "./api/papers";
import "./components/SearchField";
import { libraryName } from "./api/client";
import { Failure } from "./components/Failure";
import { Frame } from "./components/Frame";
import { Loading } from "./components/Loading";
import { startKeys } from "./state/keys";
import { forgetChanges } from "./state/lists";
import { place, startRouting } from "./state/route";
import { clearSelection } from "./state/selection";
import { info, loadInfo } from "./state/server";
import { language, strings } from "./text/language";
import PaperView from "./views/PaperView";
import Related from "./views/Related";
import Search from "./views/Search";

/** The views. Those that few visits need are files of their own. */
const VIEWS: Record<string, ComponentType | (() => Promise<{ default: ComponentType }>)> = {
    search: Search,
    paper: PaperView,
    related: Related,
};
const LAZY: Record<string, () => Promise<{ default: ComponentType }>> = {
    map: () => import("./views/MapView"),
    topics: () => import("./views/TopicsView"),
};

const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map());
const failure = signal<unknown>(undefined);

function Page() {
    const { view } = place.value;
    const texts = strings.value;
    const View = (VIEWS[view] as ComponentType | undefined) ?? loaded.value.get(view);
    const load = LAZY[view];
    useEffect(() => {
        if (View === undefined && load !== undefined) {
            load().then(
                (module) => (loaded.value = new Map(loaded.value).set(view, module.default)),
                (error: unknown) => (failure.value = error),
            );
        }
    }, [view]);
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
            ) : load !== undefined ? (
                <Loading />
            ) : (
                <p>{texts.notFound}</p>
            )}
        </Frame>
    );
}

startRouting();
startKeys();
effect(() => {
    // Papers of one library are not those of another one.
    libraryName.value;
    forgetChanges();
    clearSelection();
});
loadInfo().catch((error: unknown) => {
    if (info.peek() === undefined) {
        failure.value = error;
    }
});
render(<Page />, document.querySelector("#app")!);
