import { computed, signal } from "@preact/signals";

import { de } from "./de";
import { en, type Strings } from "./en";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const TEXTS: Record<Language, Strings> = { en, de };
const KEY = "cognate-language";

function preferred(): Language {
    const names = [localStorage.getItem(KEY) ?? "", ...navigator.languages];
    const known = names.map((name) => name.slice(0, 2)).find((name) => name in TEXTS);
    return (known as Language | undefined) ?? "en";
}

/** The language of the page. */
export const language = signal<Language>(preferred());

/** All texts of the page, in its language. */
export const strings = computed(() => TEXTS[language.value]);

/** Sets the language of the page, and keeps it for the next visit. */
export function setLanguage(name: Language): void {
    localStorage.setItem(KEY, name);
    language.value = name;
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
