import { useRef, useState } from "preact/hooks";

import { get } from "../api/client";
import type { Hits, Paper } from "../api/documents";
import { addFile } from "../state/jobs";
import { fail } from "../state/messages";
import { addressOfPaper } from "../state/route";
import { strings } from "../text/language";
import { DropFiles } from "./DropFiles";
import { titleOf } from "./PaperCard";
import { Text } from "./Text";

/** A DOI or an arXiv identifier, in the ways in which they are written. */
const IDENTIFIER = /^(?:(?:https?:\/\/)?(?:dx\.)?doi\.org\/|doi:)?10\.\d{4,9}\/\S+$|^(?:(?:https?:\/\/)?arxiv\.org\/abs\/|arxiv:)?(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})(?:v\d+)?$/i;

/** The most identifiers that are looked up. */
const MOST = 50;

/** Returns the identifiers of a text that consists of nothing else. */
function identifiersOf(text: string): string[] | undefined {
    const words = text.split(/[\s,;]+/).filter((word) => word !== "");
    return words.length > 0 && words.every((word) => IDENTIFIER.test(word)) ? [...new Set(words)] : undefined;
}

/** The ways to add papers: files, and texts that are pasted. */
export function AddPapers() {
    const texts = strings.value;
    const [skipsInvalid, setSkipsInvalid] = useState(true);
    const [replaces, setReplaces] = useState(false);
    const [lookedUp, setLookedUp] = useState<{ id: string; paper: Paper | undefined }[]>();
    const field = useRef<HTMLTextAreaElement>(null);
    const options = { skipsInvalid, replaces };
    const addFiles = async (files: File[]) => {
        for (const file of files) {
            await addFile(file.name, file, options);
        }
    };
    const addText = async () => {
        const text = field.current!.value;
        const identifiers = identifiersOf(text);
        setLookedUp(undefined);
        if (text.trim() === "") {
            return;
        }
        if (identifiers === undefined) {
            if (await addFile(texts.library.pasted, new Blob([text]), options)) {
                field.current!.value = "";
            }
            return;
        }
        try {
            setLookedUp(await Promise.all(identifiers.slice(0, MOST).map(async (id) => ({ id, paper: await find(id) }))));
        } catch (error) {
            fail(error);
        }
    };
    return (
        <>
            <DropFiles onFiles={(files) => void addFiles(files)}>
                <p>{texts.library.drop}</p>
            </DropFiles>
            <form
                class="paste"
                onSubmit={(event) => {
                    event.preventDefault();
                    void addText();
                }}
            >
                <label>
                    {texts.library.paste}
                    <textarea ref={field} rows={4} required dir="auto" spellcheck={false} />
                </label>
                <p class="options">
                    <label>
                        <input type="checkbox" checked={skipsInvalid} onChange={(event) => setSkipsInvalid(event.currentTarget.checked)} /> {texts.library.skipInvalid}
                    </label>
                    <label>
                        <input type="checkbox" checked={replaces} onChange={(event) => setReplaces(event.currentTarget.checked)} /> {texts.library.replace}
                    </label>
                </p>
                <button type="submit" class="primary">
                    {texts.library.addPasted}
                </button>
            </form>
            <div role="status">
                {lookedUp && (
                    <div class="identifiers">
                        <p>{texts.library.identifiersAlone}</p>
                        <ul>
                            {lookedUp.map(({ id, paper }) => (
                                <li key={id}>
                                    <bdi>{id}</bdi>:{" "}
                                    {paper === undefined ? (
                                        texts.library.notInLibrary
                                    ) : (
                                        <a href={addressOfPaper(paper.id)} dir="auto">
                                            <Text>{titleOf(paper)}</Text>
                                        </a>
                                    )}
                                </li>
                            ))}
                        </ul>
                    </div>
                )}
            </div>
        </>
    );
}

/** Returns the paper of the library with an identifier, which the search takes for the name of a paper. */
async function find(id: string): Promise<Paper | undefined> {
    const { hits } = await get<Hits>("search", { q: id, k: 1, mode: "keyword" });
    return hits.find((hit) => hit.named);
}
