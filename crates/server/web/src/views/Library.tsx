import { useEffect } from "preact/hooks";

import type { LibraryInfo } from "../api/documents";
import { AddPapers } from "../components/AddPapers";
import { DuplicateReview } from "../components/DuplicateReview";
import { JobList } from "../components/JobList";
import { Loading } from "../components/Loading";
import { loadJobs } from "../state/jobs";
import { fail } from "../state/messages";
import { canWrite, info, library, loadInfo } from "../state/server";
import { language, number, strings } from "../text/language";

/** The view of the library itself: what is in it, adding papers, duplicates, and its health. */
export default function Library() {
    const texts = strings.value;
    const shown = library.value;
    useEffect(() => {
        loadInfo().catch(fail);
        loadJobs().catch(fail);
    }, []);
    if (shown === undefined) {
        return <Loading />;
    }
    return (
        <div class="library">
            <h1>
                {texts.views.library} · <bdi>{shown.name}</bdi>
            </h1>
            <Facts library={shown} />
            <h2>{texts.library.add}</h2>
            {canWrite.value ? <AddPapers /> : <p>{texts.readOnly}</p>}
            <JobList />
            <DuplicateReview key={shown.name} />
            <Health library={shown} />
        </div>
    );
}

function Facts({ library }: { library: LibraryInfo }) {
    const texts = strings.value;
    const { facts } = texts.library;
    const rows: [string, string][] = [
        [facts.papers, number(library.papers)],
        [facts.model, `${library.model} (${library.precision})`],
        [facts.dim, number(library.dim)],
        [facts.bytes, bytes(library.bytes)],
        [facts.generation, library.generation],
        [facts.program, `Cognate ${info.value?.program ?? ""}`],
    ];
    return (
        <dl class="facts">
            {rows.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>
                        <bdi>{value}</bdi>
                    </dd>
                </div>
            ))}
        </dl>
    );
}

function bytes(count: number): string {
    const [unit, size] = count < 1e6 ? ["kilobyte", 1e3] : count < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
    return (count / (size as number)).toLocaleString(language.value, { style: "unit", unit: unit as string, maximumFractionDigits: 1 });
}

/** The damage that the server knows of, and the commands that find and mend it. */
function Health({ library }: { library: LibraryInfo }) {
    const texts = strings.value.library;
    return (
        <section aria-labelledby="health-heading">
            <h2 id="health-heading">{texts.health}</h2>
            {library.faults.length === 0 ? (
                <p>{texts.noFaults}</p>
            ) : (
                <ul class="faults">
                    {library.faults.map(({ fault, repairable, in_vectors: inVectors }) => (
                        <li key={fault}>
                            <bdi class="bad">{fault}</bdi> {repairable ? texts.rebuild : inVectors ? texts.embedAgain : texts.restore}
                        </li>
                    ))}
                </ul>
            )}
            <dl class="commands">
                <Command name="cognate check" what={texts.check} />
                <Command name="cognate check --repair" what={texts.repair} />
                {library.deleted_rows > 0 && <Command name="cognate compact" what={texts.compact(number(library.deleted_rows))} />}
                {library.mapped > 0 && <Command name="cognate upgrade" what={texts.upgrade(number(library.mapped))} />}
            </dl>
        </section>
    );
}

function Command({ name, what }: { name: string; what: string }) {
    return (
        <div>
            <dt>
                <code>{name}</code>
            </dt>
            <dd>{what}</dd>
        </div>
    );
}
