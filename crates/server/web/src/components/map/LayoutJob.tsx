import { useEffect, useRef, useState } from "preact/hooks";

import { get, libraryName } from "../../api/client";
import type { Job } from "../../api/documents";
import { cancel, follow, hasEnded } from "../../api/jobs";
import { startLayout } from "../../api/map";
import { isCancelled, Problem } from "../../api/problem";
import { library } from "../../state/server";
import { number, strings } from "../../text/language";
import { Failure } from "../Failure";

/** The time that a layout takes for a paper, in milliseconds, on two cores. */
const TIME_PER_PAPER = 1;

/** A button that computes a layout, and the progress of the computation. A layout that runs already is followed. */
export function LayoutJob({ papers, isFirst = false, onDone }: { papers: number; isFirst?: boolean; onDone: () => void }) {
    const texts = strings.value;
    const [job, setJob] = useState<Job>();
    const [failure, setFailure] = useState<unknown>();
    const leaving = useRef(new AbortController());
    const isGivenUp = useRef(false);
    const watch = async (id: string) => {
        const end = await follow(id, setJob, leaving.current.signal);
        if (end.state === "done") {
            onDone();
        } else if (end.state === "failed") {
            throw new Problem(500, "failed", end.problem?.detail ?? end.problem?.title ?? texts.layoutFailed);
        }
        setJob(undefined);
    };
    const attempt = (work: () => Promise<void>) => {
        setFailure(undefined);
        work().catch((error: unknown) => {
            // A job that was cancelled is not known to the server any more.
            const isGone = isGivenUp.current && error instanceof Problem && error.status === 404;
            if (!isCancelled(error)) {
                setJob(undefined);
                setFailure(isGone ? undefined : error);
            }
        });
    };
    useEffect(() => {
        attempt(async () => {
            const { jobs } = await get<{ jobs: Job[] }>("jobs", { library: undefined }, leaving.current.signal);
            const name = libraryName.value ?? library.value?.name;
            const running = jobs.find((one) => one.kind === "map" && one.library === name && !hasEnded(one));
            running && (await watch(running.id));
        });
        return () => leaving.current.abort();
    }, []);
    const start = () => {
        isGivenUp.current = false;
        attempt(async () => watch(await startLayout()));
    };
    const giveUp = (id: string) => {
        isGivenUp.current = true;
        attempt(() => cancel(id));
    };
    const seconds = Math.max(1, Math.round((papers * TIME_PER_PAPER) / 1_000));
    if (isFirst && papers < 2) {
        return <p>{texts.tooFewForMap}</p>;
    }
    return (
        <div class="layout-job">
            {isFirst && (
                <>
                    <h2>{texts.noMap}</h2>
                    <p>{texts.noMapHelp}</p>
                </>
            )}
            {failure !== undefined && <Failure error={failure} />}
            {job !== undefined ? (
                <div class="progress">
                    <label>
                        <span>{job.state === "waiting" ? texts.layoutWaits : texts.layoutStages[job.progress.stage ?? "neighbors"]}</span>
                        <progress max={1} value={job.progress.share ?? 0} />
                    </label>
                    <span>{number(100 * (job.progress.share ?? 0))} %</span>
                    <button type="button" onClick={() => giveUp(job.id)}>
                        {texts.cancel}
                    </button>
                </div>
            ) : (
                <p>
                    <button type="button" class={isFirst ? "primary" : ""} onClick={start}>
                        {isFirst ? texts.computeMap : texts.computeMapAgain}
                    </button>{" "}
                    <small>{texts.layoutTakes(seconds < 100 ? texts.seconds(number(seconds)) : texts.minutes(number(Math.ceil(seconds / 60))))}</small>
                </p>
            )}
        </div>
    );
}
