import type { Job, Remark } from "../api/documents";
import { hasEnded } from "../api/jobs";
import { jobsOfLibrary, removeJob } from "../state/jobs";
import { canWrite } from "../state/server";
import { number, strings } from "../text/language";

/** The jobs that add papers to the library: how far they are, and what they have done. */
export function JobList() {
    const texts = strings.value;
    const jobs = jobsOfLibrary();
    if (jobs.length === 0) {
        return null;
    }
    return (
        <>
            <h2>{texts.library.jobs}</h2>
            <ul class="jobs">
                {jobs.map((job) => (
                    <li key={job.id}>
                        <JobItem job={job} />
                    </li>
                ))}
            </ul>
        </>
    );
}

function JobItem({ job }: { job: Job }) {
    const texts = strings.value;
    const { progress, report, problem } = job;
    const ended = hasEnded(job);
    return (
        <>
            <div class="job">
                <h3>
                    <bdi>{job.file}</bdi>
                </h3>
                <span class={`state ${job.state}`}>{texts.library.states[job.state]}</span>
                {canWrite.value && (
                    <button type="button" aria-label={`${ended ? texts.library.removeJob : texts.cancel}: ${job.file}`} onClick={() => void removeJob(job)}>
                        {ended ? texts.library.removeJob : texts.cancel}
                    </button>
                )}
            </div>
            {!ended && (
                <>
                    <progress aria-label={job.file} max={progress.total || 1} {...(progress.total !== undefined && { value: progress.papers })} />
                    <p class="quiet">
                        {progress.total === undefined
                            ? texts.library.reading
                            : texts.library.progress(number(progress.papers), number(progress.total), number(progress.embedded), number(progress.committed))}
                    </p>
                </>
            )}
            {/* Screen readers hear the end, and not each step. */}
            <div role="status">
                {report && <p>{texts.library.report(number(report.added), number(report.updated), number(report.unchanged), number(report.invalid))}</p>}
                {report?.incomplete && <p class="bad">{texts.library.incomplete(report.incomplete)}</p>}
                {problem && <p class="bad">{problem.detail ?? problem.title}</p>}
                {job.state === "cancelled" && <p>{texts.library.committed(progress.committed)}</p>}
            </div>
            {job.remarks.length > 0 && <Remarks job={job} />}
        </>
    );
}

/** What was left out of a file or changed, as a table. */
function Remarks({ job }: { job: Job }) {
    const texts = strings.value;
    return (
        <details>
            <summary>{texts.library.remarks(number(job.total_remarks), job.total_remarks)}</summary>
            <div class="scroll" tabIndex={0} role="region" aria-label={`${texts.library.remarksOf} ${job.file}`}>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{texts.library.where}</th>
                            <th scope="col">{texts.library.what}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {job.remarks.map((remark, at) => (
                            <tr key={at}>
                                <td>{remark.line !== undefined ? texts.library.line(number(remark.line)) : remark.record !== undefined ? texts.library.record(number(remark.record)) : ""}</td>
                                <td>
                                    <bdi>{describe(remark)}</bdi>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            {job.total_remarks > job.remarks.length && <p>{texts.library.firstRemarks(number(job.remarks.length))}</p>}
        </details>
    );
}

function describe(remark: Remark): string {
    const { events } = strings.value.library;
    const text = (field: string) => String(remark[field] ?? "");
    switch (remark.event) {
        case "left-out":
            return events.leftOut(text("reason"));
        case "incomplete":
            return events.incomplete(text("reason"));
        case "changed":
            return text("what");
        case "field-not-read":
            return events.fieldNotRead(text("field"), number(Number(remark.values)));
        case "renamed":
            return events.renamed(text("title"), text("new_id"), text("id"), text("other_title"));
        case "merged":
            return events.merged(text("id"), Array.isArray(remark.kept) ? remark.kept.join(", ") : "");
        case "replaced":
            return events.replaced(text("title"), text("other_title"), text("id"));
        default:
            return remark.message ?? remark.event;
    }
}
