import { useState } from "preact/hooks";

import { get, inPath, libraryName, post } from "../api/client";
import type { Explanation, Hits, Paper, ShownPaper } from "../api/documents";
import { useAnswer } from "../state/answer";
import { fail } from "../state/messages";
import { route, setParameters } from "../state/route";
import { useExplanations } from "../state/search";
import { number, strings } from "../text/language";
import { Failure } from "./Failure";
import { Icon } from "./Icon";
import { Loading } from "./Loading";
import { PaperCards } from "./PaperCards";
import { titleOf } from "./PaperCard";

type Side = "like" | "not";

const STRATEGIES = ["rocchio", "nearest-example", "svm"] as const;

/** The papers of the examples that were shown, by their ids, so that their titles are known. */
const seen = new Map<string, Paper>();

/**
 * Papers that are similar to some and unlike others. The papers of `like` always count; the address has further ones,
 * which one adds and removes.
 */
export function RelatedTo({ like }: { like: readonly Paper[] }) {
    const texts = strings.value;
    const { parameters } = route.value;
    like.forEach((paper) => seen.set(paper.id, paper));
    const fixed = like.map((paper) => paper.id);
    const liked = [...fixed, ...parameters.getAll("like").filter((id) => !fixed.includes(id))];
    const unwanted = parameters.getAll("not");
    const strategy = parameters.get("strategy") ?? undefined;
    const question = { like: liked, not: unwanted, strategy, k: 20 };
    const key = liked.length === 0 ? undefined : JSON.stringify([libraryName.value, question]);
    const answer = useAnswer(key, (signal) => post<Hits>("related", question, signal));
    const hits = answer.value?.hits ?? [];
    const why: ReadonlyMap<string, Explanation> = useExplanations(liked.length === 0 ? undefined : { like: liked.slice(0, 5) }, answer.isLoading ? [] : hits.map((hit) => hit.id));
    hits.forEach((hit) => seen.set(hit.id, hit));

    const add = (side: Side, id: string) => {
        const other = side === "like" ? "not" : "like";
        const list = parameters.getAll(side).filter((one) => one !== id);
        setParameters({ [side]: [...list, id], [other]: parameters.getAll(other).filter((one) => one !== id) }, "push");
    };
    const remove = (side: Side, id: string) => setParameters({ [side]: parameters.getAll(side).filter((one) => one !== id) }, "push");
    return (
        <div class="related">
            <div class="examples">
                <Examples side="like" ids={liked} fixed={fixed} onAdd={add} onRemove={remove} />
                <Examples side="not" ids={unwanted} fixed={[]} onAdd={add} onRemove={remove} />
                <AddExample onAdd={(id) => add("like", id)} />
                {liked.length + unwanted.length > 1 && (
                    <label>
                        {texts.strategy}{" "}
                        <select value={strategy ?? "rocchio"} onChange={(event) => setParameters({ strategy: event.currentTarget.value === "rocchio" ? undefined : event.currentTarget.value }, "push")}>
                            {STRATEGIES.map((name) => (
                                <option key={name} value={name}>
                                    {texts.strategies[name]}
                                </option>
                            ))}
                        </select>
                    </label>
                )}
            </div>
            {answer.error !== undefined ? (
                <Failure error={answer.error} onRetry={answer.retry} />
            ) : answer.value === undefined ? (
                key !== undefined && <Loading />
            ) : (
                <PaperCards
                    label={texts.related}
                    papers={hits}
                    explanations={why}
                    isDraggable
                    below={(paper) => <Why explanation={why.get(paper.id)} />}
                    actions={(paper) => (
                        <>
                            <button type="button" class="toggle" aria-label={texts.moreLikeThis(titleOf(paper))} title={texts.moreLike} onClick={() => add("like", paper.id)}>
                                <Icon name="plus" />
                            </button>
                            <button type="button" class="toggle" aria-label={texts.lessLikeThis(titleOf(paper))} title={texts.lessLike} onClick={() => add("not", paper.id)}>
                                <Icon name="minus" />
                            </button>
                        </>
                    )}
                />
            )}
        </div>
    );
}

/** Which words two papers share. The nearest sentence is shown in the place of the abstract. */
function Why({ explanation }: { explanation: Explanation | undefined }) {
    if (explanation === undefined) {
        return null;
    }
    return (
        <p class="why">
            {explanation.words.length > 0 && (
                <>
                    {strings.value.sharedWords}: {explanation.words.slice(0, 8).join(", ")} ·{" "}
                </>
            )}
            {strings.value.matched} {number(explanation.score, 2)}
        </p>
    );
}

function Examples({ side, ids, fixed, onAdd, onRemove }: { side: Side; ids: readonly string[]; fixed: readonly string[]; onAdd: (side: Side, id: string) => void; onRemove: (side: Side, id: string) => void }) {
    const texts = strings.value;
    const [isOver, setIsOver] = useState(false);
    return (
        <section
            class={`drop ${side}${isOver ? " over" : ""}`}
            aria-label={side === "like" ? texts.moreLike : texts.lessLike}
            onDragOver={(event) => {
                event.preventDefault();
                setIsOver(true);
            }}
            onDragLeave={() => setIsOver(false)}
            onDrop={(event) => {
                event.preventDefault();
                setIsOver(false);
                const id = event.dataTransfer?.getData("text/plain");
                id && onAdd(side, id);
            }}
        >
            <strong>{side === "like" ? texts.moreLike : texts.lessLike}</strong>
            {ids.length === 0 && <p class="quiet">{side === "like" ? texts.dragHint : texts.noUnwanted}</p>}
            <ul>
                {ids.map((id) => (
                    <li key={id}>
                        <Example id={id} {...(!fixed.includes(id) && { onRemove: () => onRemove(side, id) })} />
                    </li>
                ))}
            </ul>
        </section>
    );
}

function Example({ id, onRemove }: { id: string; onRemove?: () => void }) {
    const known = seen.get(id);
    const answer = useAnswer(known === undefined ? id : undefined, async (signal) => {
        const { paper } = await get<{ paper: ShownPaper }>(`papers/${inPath(id)}`, {}, signal);
        seen.set(id, paper);
        return paper;
    });
    const paper = known ?? answer.value;
    const title = paper === undefined ? id : titleOf(paper);
    return (
        <span class="chip" draggable onDragStart={(event) => event.dataTransfer?.setData("text/plain", id)}>
            <bdi>{title}</bdi>
            {onRemove && (
                <button type="button" class="plain" aria-label={strings.value.removeExample(title)} onClick={onRemove}>
                    <Icon name="close" />
                </button>
            )}
        </span>
    );
}

/** A field in which one names a paper by its id, DOI, arXiv identifier or title. */
function AddExample({ onAdd }: { onAdd: (id: string) => void }) {
    const texts = strings.value;
    return (
        <form
            class="add-example"
            onSubmit={async (event) => {
                event.preventDefault();
                const form = event.currentTarget;
                const name = String(new FormData(form).get("paper")).trim();
                try {
                    const { paper } = await get<{ paper: ShownPaper }>(`papers/${inPath(name)}`);
                    seen.set(paper.id, paper);
                    onAdd(paper.id);
                    form.reset();
                } catch (error) {
                    fail(error);
                }
            }}
        >
            <input name="paper" required aria-label={texts.addPaper} placeholder={texts.addPaper} autocomplete="off" />
            <button type="submit">{texts.add}</button>
        </form>
    );
}
