import { useState } from "preact/hooks";

import { get, libraryName, send } from "../api/client";
import type { Paper, PaperList } from "../api/documents";
import { useAnswer } from "../state/answer";
import { BUILT_IN, listsOf, listsVersion, setOnList } from "../state/lists";
import { announce, fail } from "../state/messages";
import { addressOf, go, route, setParameters } from "../state/route";
import { canWrite } from "../state/server";
import { download, type Format, FORMATS } from "../text/copy";
import { strings } from "../text/language";
import { Confirm } from "./Confirm";
import { Failure } from "./Failure";
import { Icon } from "./Icon";
import { Loading } from "./Loading";
import { NoteOn } from "./NoteOn";
import { PaperCards } from "./PaperCards";
import { ENDINGS } from "./SelectionBar";

const PAGE = 50;
const SORTS = ["added", "published", "title"] as const;
const EXPORTS: readonly Format[] = ["bibtex", "ris", "csl-json", "csv"];

/** The papers on a list, with their notes. */
export function DeskList({ name }: { name: string }) {
    const texts = strings.value;
    const sort = SORTS.find((sort) => sort === route.value.parameters.get("sort")) ?? "added";
    const question = { sort, reverse: sort !== "title", limit: PAGE };
    const path = `lists/${encodeURIComponent(name)}`;
    const answer = useAnswer(JSON.stringify([libraryName.value, name, question]), (signal) => get<PaperList>(path, question, signal));
    const list = answer.value;
    const label = texts.listNames[name] ?? name;
    if (answer.error !== undefined) {
        return <Failure error={answer.error} onRetry={answer.retry} />;
    }
    if (list === undefined || answer.isLoading) {
        return <Loading />;
    }
    const more = async () => {
        try {
            const next = await get<PaperList>(path, { ...question, page: list.next ?? undefined });
            answer.set({ ...next, papers: [...list.papers, ...next.papers] });
        } catch {
            // The list has changed since its first page was read.
            announce(texts.changed);
            answer.retry();
        }
    };
    return (
        <>
            <div class="bar">
                <label>
                    {texts.sort}{" "}
                    <select value={sort} onChange={(event) => setParameters({ sort: event.currentTarget.value })}>
                        {SORTS.map((sort) => (
                            <option key={sort} value={sort}>
                                {texts.desk.sorts[sort]}
                            </option>
                        ))}
                    </select>
                </label>
                <ListActions name={name} label={label} isEmpty={list.papers.length === 0} />
            </div>
            {list.papers.length === 0 && <p class="empty">{(texts.desk.emptyLists as Record<string, string>)[name] ?? texts.desk.emptyList}</p>}
            <PaperCards
                label={label}
                papers={list.papers}
                below={(paper) => (listsOf(paper).has(name) ? <NoteOn paper={paper} list={name} key={name} /> : <TakenOff paper={paper} list={name} />)}
                actions={(paper) =>
                    canWrite.value &&
                    !(BUILT_IN as readonly string[]).includes(name) &&
                    listsOf(paper).has(name) && (
                        <button type="button" class="toggle" onClick={() => void setOnList([paper], name, false)}>
                            <Icon name="minus" />
                            {texts.desk.takeOff}
                        </button>
                    )
                }
            />
            {list.next !== null && (
                <button type="button" class="more" onClick={() => void more()}>
                    {texts.more}
                </button>
            )}
        </>
    );
}

/** A paper that was taken off stays in its place until the list is opened again, so that nothing moves. */
function TakenOff({ paper, list }: { paper: Paper; list: string }) {
    const texts = strings.value;
    return (
        <p class="taken-off">
            {texts.desk.takenOff}{" "}
            <button type="button" class="toggle" onClick={() => void setOnList([paper], list, true)}>
                {texts.desk.putBack}
            </button>
        </p>
    );
}

/** The buttons that save a list as a file, and the one that deletes it. */
function ListActions({ name, label, isEmpty }: { name: string; label: string; isEmpty: boolean }) {
    const texts = strings.value;
    const [asks, setAsks] = useState(false);
    const save = async (format: Format) => {
        try {
            await download("export", { list: [name], format }, `${name.replace(/[\\/:*?"<>|]/g, "_")}.${ENDINGS[format]}`);
        } catch (error) {
            fail(error);
        }
    };
    const remove = async () => {
        try {
            await send(`lists/${encodeURIComponent(name)}`, { method: "DELETE" });
            announce(texts.desk.deleted(label));
            listsVersion.value += 1;
            go(addressOf("/desk"));
        } catch (error) {
            fail(error);
        }
    };
    return (
        <div class="actions" role="group" aria-label={texts.desk.listActions}>
            {!isEmpty &&
                EXPORTS.map((format) => (
                    <button key={format} type="button" class="toggle" aria-label={texts.saveAs(FORMATS[format])} onClick={() => void save(format)}>
                        <Icon name="download" />
                        {FORMATS[format]}
                    </button>
                ))}
            {canWrite.value && !(BUILT_IN as readonly string[]).includes(name) && (
                <button type="button" class="toggle" onClick={() => setAsks(true)}>
                    {texts.desk.deleteList} …
                </button>
            )}
            {asks && (
                <Confirm title={texts.desk.deleteList} action={texts.desk.deleteList} onConfirm={() => void remove()} onClose={() => setAsks(false)}>
                    <p>{texts.desk.deleteHelp(label)}</p>
                </Confirm>
            )}
        </div>
    );
}
