import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { needsToken, setToken } from "../api/client";
import { message } from "../state/messages";
import { showsHelp } from "../state/keys";
import { addressOf, go, place } from "../state/route";
import { info, library } from "../state/server";
import { strings } from "../text/language";
import { Help } from "./Help";
import { Icon } from "./Icon";
import { SelectionBar } from "./SelectionBar";

const VIEWS = ["search", "new", "desk", "missed", "topics", "map", "library"] as const;

/** What all views have: the way to the other views, the selected papers, messages, and the help. */
export function Frame({ children }: { children: ComponentChildren }) {
    const texts = strings.value;
    const { view } = place.value;
    useEffect(() => {
        // In a narrow window, the name of the view may be beyond its edge.
        document.querySelector("header nav a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }, [view]);
    return (
        <>
            <a class="skip" href="#content">
                {texts.skip}
            </a>
            <header class="page">
                <a class="brand" href={addressOf("/")}>
                    {texts.title}
                </a>
                <nav aria-label={texts.navigation}>
                    {VIEWS.map((name) => (
                        <a key={name} href={addressOf(name === "search" ? "/" : `/${name}`)} aria-current={name === view ? "page" : undefined}>
                            {texts.views[name]}
                        </a>
                    ))}
                </nav>
                <LibraryChoice />
                <button type="button" class="plain" aria-label={texts.help} title={texts.help} onClick={() => (showsHelp.value = true)}>
                    <Icon name="help" />
                </button>
            </header>
            <main id="content" tabIndex={-1}>
                {needsToken.value ? <TokenForm /> : children}
            </main>
            <SelectionBar />
            <div class="message" role="status" aria-live="polite">
                {message.value && (
                    <p class={message.value.isError ? "error" : ""}>
                        {message.value.text}
                        <button type="button" class="plain" aria-label={texts.close} onClick={() => (message.value = undefined)}>
                            <Icon name="close" />
                        </button>
                    </p>
                )}
            </div>
            {showsHelp.value && <Help />}
        </>
    );
}

function LibraryChoice() {
    const libraries = info.value?.libraries ?? [];
    if (libraries.length < 2) {
        return null;
    }
    return (
        <label class="library-choice">
            <span>{strings.value.libraryToShow}</span>
            <select value={library.value?.name} onChange={(event) => go(`/?${new URLSearchParams({ library: event.currentTarget.value })}`)}>
                {libraries.map(({ name }) => (
                    <option key={name} value={name}>
                        {name}
                    </option>
                ))}
            </select>
        </label>
    );
}

function TokenForm() {
    const texts = strings.value;
    return (
        <form
            class="token"
            onSubmit={(event) => {
                event.preventDefault();
                setToken(String(new FormData(event.currentTarget).get("token")).trim());
                location.reload();
            }}
        >
            <h1>{texts.token}</h1>
            <p>{texts.tokenHelp}</p>
            <input name="token" type="password" required aria-label={texts.token} autocomplete="off" />
            <button type="submit">{texts.tokenSend}</button>
        </form>
    );
}
