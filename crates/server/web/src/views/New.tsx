import { libraryName } from "../api/client";
import { Failure } from "../components/Failure";
import { Loading } from "../components/Loading";
import { NewByDate } from "../components/NewByDate";
import { NewByDesk } from "../components/NewByDesk";
import { route, setParameters } from "../state/route";
import { type By, useWindows, type Window, WINDOWS, type WindowName } from "../state/windows";
import { date, number, strings } from "../text/language";

/** The view of the papers that are new: by date, or as the desk ranks them. */
export default function New() {
    const texts = strings.value;
    const { parameters } = route.value;
    const by: By = parameters.get("by") === "added" ? "added" : "published";
    const isByDesk = parameters.get("order") === "desk";
    const windows = useWindows(by);
    const chosen = choose(windows.value ?? [], parameters);
    const View = isByDesk ? NewByDesk : NewByDate;
    return (
        <div class="new">
            <h1>{texts.views.new}</h1>
            {windows.error !== undefined && <Failure error={windows.error} onRetry={windows.retry} />}
            <div class="bar choices">
                <label>
                    {texts.fresh.by}{" "}
                    <select value={by} onChange={(event) => setParameters({ by: event.currentTarget.value === "added" ? "added" : undefined, window: undefined, since: undefined }, "push")}>
                        <option value="published">{texts.fresh.published}</option>
                        <option value="added">{texts.fresh.added}</option>
                    </select>
                </label>
                <WindowChoice windows={windows.value ?? []} name={chosen.name} since={chosen.since} />
                <label>
                    {texts.fresh.order}{" "}
                    <select value={isByDesk ? "desk" : "date"} onChange={(event) => setParameters({ order: event.currentTarget.value === "desk" ? "desk" : undefined }, "push")}>
                        <option value="date">{texts.fresh.byDate}</option>
                        <option value="desk">{texts.fresh.byDesk}</option>
                    </select>
                </label>
            </div>
            {windows.value !== undefined && !windows.isLoading && chosen.name === "latest" && !parameters.has("window") && <p class="intro">{texts.fresh.old}</p>}
            <h2 class="hidden-visually">{texts.fresh.since(date(chosen.since ?? ""))}</h2>
            {chosen.since === undefined ? (
                windows.isLoading ? (
                    <Loading />
                ) : (
                    windows.error === undefined && <p class="empty">{texts.fresh.nothing}</p>
                )
            ) : (
                // Another question is another list, with what was seen before it.
                <View by={by} since={chosen.since} key={JSON.stringify([libraryName.value, by, chosen.since])} />
            )}
        </div>
    );
}

/** Returns the time in the address, or else the shortest one that has papers. */
function choose(windows: readonly Window[], parameters: URLSearchParams): { name: WindowName; since: string | undefined } {
    const since = parameters.get("since");
    if (since) {
        return { name: "since", since };
    }
    const named = windows.find(({ name }) => name === parameters.get("window"));
    const window = named ?? windows.find(({ papers }) => papers > 0) ?? windows.at(-1);
    return { name: window?.name ?? "latest", since: window?.since };
}

function WindowChoice({ windows, name, since }: { windows: readonly Window[]; name: WindowName; since: string | undefined }) {
    const texts = strings.value;
    return (
        <>
            <label>
                {texts.fresh.window}{" "}
                <select
                    value={name}
                    onChange={(event) => {
                        const chosen = event.currentTarget.value;
                        setParameters(chosen === "since" ? { window: undefined, since } : { window: chosen, since: undefined }, "push");
                    }}
                >
                    {WINDOWS.map((one) => {
                        const window = windows.find(({ name }) => name === one);
                        return (
                            window && (
                                <option key={one} value={one}>
                                    {one === "latest" ? texts.fresh.since(date(window.since)) : texts.fresh.windows[one]} ({number(window.papers)})
                                </option>
                            )
                        );
                    })}
                    <option value="since">{texts.fresh.sinceDate}</option>
                </select>
            </label>
            {name === "since" && (
                <label>
                    {texts.fresh.date} <input type="date" value={fullDate(since ?? "")} onChange={(event) => event.currentTarget.value && setParameters({ since: event.currentTarget.value }, "push")} />
                </label>
            )}
        </>
    );
}

/** Returns the first day of a year or a month, which a field for dates needs. */
function fullDate(text: string): string {
    return `${text}-01-01`.slice(0, 10);
}
