import { get, libraryName } from "../api/client";
import type { Count, Facets } from "../api/documents";
import { useAnswer } from "../state/answer";
import { activeFilters, clearFilters, filters, hasFilter, type Many, setFilter, toggleFilter } from "../state/filters";
import { listsVersion } from "../state/lists";
import { route } from "../state/route";
import { number, strings } from "../text/language";
import { Icon } from "./Icon";
import { YearHistogram } from "./YearHistogram";

/** The filters of the library: years, venues, categories, lists and dates. */
export function Filters() {
    const texts = strings.value;
    const { year: _, ...others } = filters.value;
    // The years pass all other filters, so that a choice of years can be widened.
    const key = JSON.stringify([libraryName.value, others, listsVersion.value]);
    const facets = useAnswer(key, (signal) => get<Facets>("facets", { ...others, limit: 12 }, signal));
    const { venues = [], categories = [], lists = [], years = [] } = facets.value ?? {};
    return (
        <div class="filters">
            <YearHistogram years={years} />
            <DateFilter name="since" label={texts.since} />
            <DateFilter name="added_since" label={texts.addedSince} />
            <Values name="category" legend={texts.category} counts={categories} />
            <Values name="venue" legend={texts.venue} counts={venues} />
            <Values name="list" legend={texts.list} counts={lists} label={(name) => texts.listNames[name] ?? name} />
        </div>
    );
}

/** The filters that are in use, each with a button that removes it. */
export function ActiveFilters() {
    const texts = strings.value;
    const active = activeFilters.value;
    if (active.length === 0) {
        return null;
    }
    const label = ({ name, value }: (typeof active)[number]) =>
        name === "since" ? `${texts.since} ${value}` : name === "added_since" ? `${texts.addedSince} ${value}` : name === "not_list" ? texts.notOnList(value) : name === "list" ? (texts.listNames[value] ?? value) : value;
    return (
        <p class="active-filters">
            {active.map((filter) => (
                <button key={filter.name + filter.value} type="button" class="chip" aria-label={texts.removeFilter(label(filter))} onClick={() => toggleFilter(filter.name, filter.value)}>
                    {label(filter)}
                    <Icon name="close" />
                </button>
            ))}
            <button type="button" class="plain" onClick={clearFilters}>
                {texts.clearFilters}
            </button>
        </p>
    );
}

function Values({ name, legend, counts, label = (value) => value }: { name: Many; legend: string; counts: Count[]; label?: (name: string) => string }) {
    // Values that are chosen stay visible when no paper has them.
    const chosen = route.value.parameters.getAll(name).filter((value) => !counts.some((count) => count.name === value));
    const all = [...chosen.map((value) => ({ name: value, papers: 0 })), ...counts];
    if (all.length === 0) {
        return null;
    }
    return (
        <fieldset>
            <legend>{legend}</legend>
            {all.map((count) => (
                <label key={count.name} class="value">
                    <input type="checkbox" checked={hasFilter(name, count.name)} onChange={() => toggleFilter(name, count.name)} />
                    <bdi>{label(count.name)}</bdi>
                    <small>{number(count.papers)}</small>
                </label>
            ))}
        </fieldset>
    );
}

function DateFilter({ name, label }: { name: "since" | "added_since"; label: string }) {
    return (
        <label class="date">
            {label}
            <input type="date" value={route.value.parameters.get(name) ?? ""} onChange={(event) => setFilter(name, event.currentTarget.value || undefined)} />
        </label>
    );
}
