import { computed } from "@preact/signals";

import type { Parameters } from "../api/client";
import { route, setParameters } from "./route";

/** The filters that have several values, and those that have one. */
export const MANY = ["venue", "author", "category", "list", "not_list"] as const;
export const ONE = ["year", "since", "added_since"] as const;
export type Many = (typeof MANY)[number];
export type One = (typeof ONE)[number];

/** The filters in the address, as parameters of a request. */
export const filters = computed<Parameters>(() => {
    const { parameters } = route.value;
    const many = MANY.map((name) => [name, parameters.getAll(name)]);
    const one = ONE.map((name) => [name, parameters.get(name) ?? undefined]);
    return Object.fromEntries([...many, ...one]);
});

/** The filters as pairs of name and value. */
export const activeFilters = computed(() => {
    const { parameters } = route.value;
    return [...MANY, ...ONE].flatMap((name) => parameters.getAll(name).map((value) => ({ name, value })));
});

/** Returns whether a filter has a value. */
export function hasFilter(name: Many, value: string): boolean {
    return route.value.parameters.getAll(name).includes(value);
}

/** Adds a value to a filter, or removes it. */
export function toggleFilter(name: Many | One, value: string): void {
    const values = route.value.parameters.getAll(name);
    const others = values.filter((one) => one !== value);
    setParameters({ [name]: others.length < values.length ? others : [...others, value] }, "push");
}

/** Sets a filter that has one value. */
export function setFilter(name: One, value: string | undefined): void {
    setParameters({ [name]: value }, "push");
}

/** Removes all filters. */
export function clearFilters(): void {
    setParameters(Object.fromEntries([...MANY, ...ONE].map((name) => [name, undefined])), "push");
}
