import { computed, signal } from "@preact/signals";

import { libraryName } from "../api/client";

/** Where the page is: the address of the browser is the only place that knows it. */
export interface Route {
    path: string;
    parameters: URLSearchParams;
}

function current(): Route {
    return { path: location.pathname, parameters: new URLSearchParams(location.search) };
}

export const route = signal<Route>(current());

/** The name of the view, and the id of the paper that it shows if the view is `paper`. */
export const place = computed(() => {
    const [, name = "", ...rest] = route.value.path.split("/");
    return { view: name === "" ? "search" : name, id: rest.map(decode).join("/") };
});

function decode(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

function update(): void {
    route.value = current();
    libraryName.value = route.value.parameters.get("library") ?? undefined;
}

/** Returns the address of a view. The library stays the same. */
export function addressOf(path: string, parameters: Readonly<Record<string, string | readonly string[] | undefined>> = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...parameters, library: libraryName.value })) {
        const values = Array.isArray(value) ? value : [value];
        values.filter((item) => item !== undefined && item !== "").forEach((item) => query.append(name, item));
    }
    const text = query.toString();
    return `${path}${text && "?"}${text}`;
}

/** Returns the address of a paper. */
export function addressOfPaper(id: string): string {
    return addressOf(`/paper/${id.split("/").map(encodeURIComponent).join("/")}`);
}

/** Goes to an address of the page: as a new entry of the history, or in place of the present one. */
export function go(address: string, how: "push" | "replace" = "push"): void {
    if (how === "push") {
        history.pushState(null, "", address);
        scrollTo(0, 0);
    } else {
        history.replaceState(null, "", address);
    }
    update();
}

/** Changes parameters of the present view; a value that is `undefined` or empty removes a parameter. */
export function setParameters(changes: Readonly<Record<string, string | readonly string[] | undefined>>, how: "push" | "replace" = "replace"): void {
    const parameters = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
        parameters.delete(name);
        const values = Array.isArray(value) ? value : [value];
        values.filter((item) => item !== undefined && item !== "").forEach((item) => parameters.append(name, item));
    }
    const text = parameters.toString();
    const scroll = scrollY;
    go(`${location.pathname}${text && "?"}${text}`, how);
    scrollTo(0, scroll);
}

/** Follows clicks on links of the page, and the buttons of the browser. */
export function startRouting(): void {
    addEventListener("popstate", update);
    document.addEventListener("click", (event) => {
        const link = (event.target as Element | null)?.closest?.("a");
        const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
        if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) {
            return;
        }
        const isOfPage = link.origin === location.origin && !/^\/(docs|problems|openapi\.json|api)\b/.test(link.pathname);
        if (isOfPage && !link.getAttribute("href")?.startsWith("#")) {
            event.preventDefault();
            go(link.pathname + link.search);
        }
    });
    update();
}
