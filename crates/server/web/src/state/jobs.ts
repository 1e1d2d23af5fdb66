import { signal } from "@preact/signals";

import { get, libraryName, send } from "../api/client";
import type { Job } from "../api/documents";
import { cancel, follow, hasEnded } from "../api/jobs";
import { isCancelled, Problem } from "../api/problem";
import { fail } from "./messages";
import { library, loadInfo } from "./server";

/** The jobs of the server that are known to the page, the latest first. */
export const jobs = signal<readonly Job[]>([]);

const followed = new Set<string>();

function show(job: Job): void {
    const isKnown = jobs.value.some(({ id }) => id === job.id);
    jobs.value = isKnown ? jobs.value.map((one) => (one.id === job.id ? job : one)) : [job, ...jobs.value];
}

/** Asks for the jobs of the server, and follows those that have not ended. */
export async function loadJobs(): Promise<void> {
    const answer = await get<{ jobs: Job[] }>("jobs", { library: undefined });
    answer.jobs.forEach(show);
    answer.jobs.forEach((job) => void watch(job));
}

async function watch(job: Job): Promise<void> {
    if (hasEnded(job) || followed.has(job.id)) {
        return;
    }
    followed.add(job.id);
    try {
        await follow(job.id, show);
        await loadInfo();
    } catch (error) {
        // A job that was cancelled may be gone before its end was read.
        isCancelled(error) || (error instanceof Problem && error.status === 404) || fail(error);
    } finally {
        followed.delete(job.id);
    }
}

export interface AddOptions {
    skipsInvalid: boolean;
    replaces: boolean;
}

/** Sends a file of papers, and follows the job that adds them. Returns whether the server has taken the file. */
export async function addFile(name: string, content: Blob, { skipsInvalid, replaces }: AddOptions): Promise<boolean> {
    try {
        const init = { method: "POST", body: content, headers: { "content-type": "application/octet-stream" } };
        const answer = await send("papers", init, { filename: name, skip_bad: skipsInvalid, replace: replaces });
        const job: Job = await answer.json();
        show(job);
        void watch(job);
        return true;
    } catch (error) {
        fail(error);
        return false;
    }
}

/** Cancels a job, or takes one that has ended off the list. */
export async function removeJob(job: Job): Promise<void> {
    try {
        await cancel(job.id);
    } catch (error) {
        if (!(error instanceof Problem && error.status === 404)) {
            fail(error);
            return;
        }
    }
    if (hasEnded(job)) {
        jobs.value = jobs.value.filter(({ id }) => id !== job.id);
    } else if (!followed.has(job.id)) {
        show({ ...job, state: "cancelled" });
    }
}

/** Returns the jobs of the library that the page shows. */
export function jobsOfLibrary(): readonly Job[] {
    const name = libraryName.value ?? library.value?.name;
    return jobs.value.filter((job) => job.library === name);
}
