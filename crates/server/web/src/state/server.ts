import { computed, signal } from "@preact/signals";

import { get, libraryName } from "../api/client";
import type { Info } from "../api/documents";

/** What the server says about itself, or `undefined` until it has answered. */
export const info = signal<Info | undefined>(undefined);

/** The library that the page shows. */
export const library = computed(() => {
    const libraries = info.value?.libraries;
    return libraries?.find((one) => one.name === libraryName.value) ?? libraries?.[0];
});

/** Whether the server allows changes. */
export const canWrite = computed(() => info.value?.allow_write ?? false);

/** Asks the server about itself again. */
export async function loadInfo(): Promise<void> {
    info.value = await get<Info>("info", { library: undefined });
}
