import { get, libraryName, send } from "../api/client";
import type { Lists } from "../api/documents";
import { DeskList } from "../components/DeskList";
import { DeskRanking } from "../components/DeskRanking";
import { PaperCards } from "../components/PaperCards";
import { useAnswer } from "../state/answer";
import { BUILT_IN, listsVersion } from "../state/lists";
import { fail } from "../state/messages";
import { addressOf, go, route } from "../state/route";
import { canWrite } from "../state/server";
import { number, strings } from "../text/language";

/** The view of the lists, and of the papers that a classifier over them puts first. */
export default function Desk() {
    const texts = strings.value;
    const list = route.value.parameters.get("list") ?? undefined;
    const key = JSON.stringify([libraryName.value, listsVersion.value]);
    const answer = useAnswer(key, async (signal) => (await get<Lists>("lists", {}, signal)).lists);
    const heading = list === undefined ? texts.desk.suggested : (texts.listNames[list] ?? list);
    return (
        <div class="desk">
            <h1 class="hidden-visually">{texts.views.desk}</h1>
            <nav aria-label={texts.desk.lists}>
                <a href={addressOf("/desk")} aria-current={list === undefined ? "page" : undefined}>
                    {texts.desk.suggested}
                </a>
                {answer.value?.map(({ name, papers }) => (
                    <a key={name} href={addressOf("/desk", { list: name })} aria-current={list === name ? "page" : undefined}>
                        <bdi>{texts.listNames[name] ?? name}</bdi> <small>{number(papers)}</small>
                    </a>
                ))}
                {canWrite.value && <NewList />}
            </nav>
            <section aria-labelledby="desk-heading">
                <h2 id="desk-heading">
                    <bdi>{heading}</bdi>
                </h2>
                {list === undefined ? (
                    <DeskRanking key={libraryName.value} filter={{ not_list: BUILT_IN }} nothing={texts.desk.nothingLeft}>
                        {(hits) => <PaperCards label={texts.desk.suggested} papers={hits} />}
                    </DeskRanking>
                ) : (
                    <DeskList name={list} key={list} />
                )}
            </section>
        </div>
    );
}

/** A field that creates a list. */
function NewList() {
    const texts = strings.value;
    return (
        <form
            class="new-list"
            onSubmit={async (event) => {
                event.preventDefault();
                const form = event.currentTarget;
                const name = String(new FormData(form).get("name")).trim();
                try {
                    await send(`lists/${encodeURIComponent(name)}`, { method: "PUT" });
                    form.reset();
                    listsVersion.value += 1;
                    go(addressOf("/desk", { list: name }));
                } catch (error) {
                    fail(error);
                }
            }}
        >
            <input name="name" required maxLength={100} pattern=".*\S.*" aria-label={texts.listName} placeholder={texts.desk.newList} autocomplete="off" />
            <button type="submit">{texts.desk.create}</button>
        </form>
    );
}
