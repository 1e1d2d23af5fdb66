import { setSingleKeys, showsHelp, usesSingleKeys } from "../state/keys";
import { info, library } from "../state/server";
import { language, type Language, LANGUAGES, number, setLanguage, strings } from "../text/language";
import { Dialog } from "./Dialog";

/** The shortcuts, the language, and what the server serves. */
export function Help() {
    const texts = strings.value;
    const { keys } = texts;
    const shortcuts: [string, string][] = [
        ["/ · Ctrl K", keys.search],
        ["j", keys.down],
        ["k", keys.up],
        ["o", keys.open],
        ["x", keys.select],
        ["c", keys.bibtex],
        ["l", keys.like],
        ["?", keys.help],
    ];
    const shown = library.value;
    return (
        <Dialog title={texts.help} onClose={() => (showsHelp.value = false)}>
            <dl class="keys">
                {shortcuts.map(([key, what]) => (
                    <div key={key}>
                        <dt>
                            <kbd>{key}</kbd>
                        </dt>
                        <dd>{what}</dd>
                    </div>
                ))}
            </dl>
            <label>
                <input type="checkbox" checked={usesSingleKeys.value} onChange={(event) => setSingleKeys(event.currentTarget.checked)} /> {texts.singleKeys}
            </label>
            <label>
                {texts.language}{" "}
                <select value={language.value} onChange={(event) => void setLanguage(event.currentTarget.value as Language)}>
                    {Object.entries(LANGUAGES).map(([code, name]) => (
                        <option key={code} value={code} lang={code}>
                            {name}
                        </option>
                    ))}
                </select>
            </label>
            {shown && info.value && <p>{texts.about(info.value.program, texts.papers(shown.papers, number(shown.papers)), shown.model)}</p>}
            <p>
                <a href="/docs">{texts.routes}</a> · <a href="/assets/licenses.txt">{texts.licenses}</a>
            </p>
        </Dialog>
    );
}
