import { computed, signal } from "@preact/signals";

import { en, type Strings } from "./en";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "cognate-language";

/** The texts of the languages other than English, which are files of their own. */
const OTHERS: Record<Exclude<Language, "en">, () => Promise<Strings>> = {
    de: async () => (await import("./de")).de,
};

function preferred(): Language {
    const names = [localStorage.getItem(KEY) ?? "", ...navigator.languages];
    const known = names.map((name) => name.slice(0, 2)).find((name) => name in LANGUAGES);
    return (known as Language | undefined) ?? "en";
}

const current = signal<{ language: Language; texts: Strings }>({ language: "en", texts: en });

/** The language of the page. */
export const language = computed(() => current.value.language);

/** All texts of the page, in its language. */
export const strings = computed(() => current.value.texts);

/** Loads the texts of a language, by default of the one that the user prefers. */
export async function loadLanguage(language = preferred()): Promise<void> {
    current.value = { language, texts: language === "en" ? en : await OTHERS[language]() };
}

/** Sets the language of the page, and keeps it for the next visit. */
export async function setLanguage(name: Language): Promise<void> {
    localStorage.setItem(KEY, name);
    await loadLanguage(name);
}

/** Writes a number as the language does. */
export function number(value: number, digits = 0): string {
    return value.toLocaleString(language.value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Writes a date such as `2017`, `2017-06` or `2017-06-12` as the language does. */
export function date(text: string): string {
    const [year, month, day] = text.split("-").map(Number);
    if (year === undefined || Number.isNaN(year) || month === undefined) {
        return text;
    }
    const at = new Date(Date.UTC(year, month - 1, day ?? 1));
    at.setUTCFullYear(year);
    const form: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", timeZone: "UTC" };
    return at.toLocaleDateString(language.value, day === undefined ? form : { ...form, day: "numeric" });
}
