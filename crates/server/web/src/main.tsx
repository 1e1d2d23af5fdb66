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

/** The views that are there from the start. */
const VIEWS: Record<string, ComponentType> = { search: Search, paper: PaperView, related: Related };

/** The views that are loaded when they are first shown. Those of one file share most of their code. */
const LAZY: Record<string, () => Promise<ComponentType>> = {
    desk: async () => (await import("./views/Workbench")).Desk,
    library: async () => (await import("./views/Workbench")).Library,
    map: async () => (await import("./views/MapView")).default,
    missed: async () => (await import("./views/Workbench")).Missed,
    new: async () => (await import("./views/Workbench")).New,
    topics: async () => (await import("./views/TopicsView")).default,
};

const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map());
const failure = signal<unknown>(undefined);

function Page() {
    const { view } = place.value;
    const texts = strings.value;
    const View = VIEWS[view] ?? loaded.value.get(view);
    const load = LAZY[view];
    useEffect(() => {
        if (View === undefined && load !== undefined) {
            load().then(
                (component) => (loaded.value = new Map(loaded.value).set(view, component)),
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
