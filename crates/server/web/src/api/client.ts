import { signal } from "@preact/signals";

import { Problem } from "./problem";

/** The value of a parameter. One that is `undefined`, or an empty list, is left out. */
export type Parameter = string | number | boolean | readonly string[] | undefined;
export type Parameters = Readonly<Record<string, Parameter>>;

/** The library of all requests, or `undefined` for the first one of the server. */
export const libraryName = signal<string | undefined>(undefined);

/** Whether the server asks for a token that the page does not have. */
export const needsToken = signal(false);

const TOKEN = "cognate-token";

/** Keeps the token of the server until the tab is closed. */
export function setToken(token: string): void {
    sessionStorage.setItem(TOKEN, token);
    needsToken.value = false;
}

/** Returns the address of a route below `/api/v1`. */
export function address(path: string, parameters: Parameters = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ library: libraryName.value, ...parameters })) {
        if (Array.isArray(value)) {
            value.forEach((item) => query.append(name, item));
        } else if (value !== undefined) {
            query.append(name, String(value));
        }
    }
    const text = query.toString();
    return `/api/v1/${path}${text && "?"}${text}`;
}

/** Returns the id of a paper as a part of a path. */
export function inPath(id: string): string {
    return id.split("/").map(encodeURIComponent).join("%2F");
}

/** Sends a request, with the token if there is one. */
export async function send(path: string, init: RequestInit = {}, parameters?: Parameters): Promise<Response> {
    const headers = new Headers(init.headers);
    const token = sessionStorage.getItem(TOKEN);
    if (token !== null) {
        headers.set("authorization", `Bearer ${token}`);
    }
    let answer: Response;
    try {
        answer = await fetch(address(path, parameters), { ...init, headers });
    } catch (error) {
        if (error instanceof TypeError) {
            throw new Problem(0, "unreachable", error.message);
        }
        throw error;
    }
    if (answer.status === 401) {
        needsToken.value = true;
    }
    if (!answer.ok) {
        throw await Problem.of(answer);
    }
    return answer;
}

/** Gets a document. */
export async function get<T>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<T> {
    const init = signal === undefined ? {} : { signal };
    return (await send(path, init, parameters)).json();
}

/** Sends a document, with the library and the parameters in its body, and gets another one. */
export async function post<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    const document = { library: libraryName.value, ...body };
    const init = { method: "POST", body: JSON.stringify(document), headers: { "content-type": "application/json" } };
    const answer = await fetchBody(path, signal === undefined ? init : { ...init, signal });
    return answer.json();
}

/** Sends a request whose library is not in its address. */
function fetchBody(path: string, init: RequestInit): Promise<Response> {
    return send(path, init, { library: undefined });
}
