import type { Job } from "./documents";
import { get, send } from "./client";

/** Returns whether a job has ended. */
export function hasEnded(job: Job): boolean {
    return job.state === "done" || job.state === "failed" || job.state === "cancelled";
}

/**
 * Follows a job until it ends: reads its server-sent events, and calls `show` for each change. The events are read
 * with `fetch`, because an `EventSource` cannot send a token.
 */
export async function follow(id: string, show: (job: Job) => void, signal?: AbortSignal): Promise<Job> {
    const answer = await send(`jobs/${id}/events`, signal === undefined ? {} : { signal }, { library: undefined });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = "";
    let last: Job | undefined;
    for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
        buffer += read.value;
        const events = buffer.split("\n\n");
        buffer = events.pop() ?? "";
        for (const event of events) {
            const data = event.split("\n").filter((line) => line.startsWith("data:"));
            if (data.length > 0) {
                last = JSON.parse(data.map((line) => line.slice(5)).join("\n")) as Job;
                show(last);
            }
        }
    }
    // The connection may have ended before the job.
    const job = last !== undefined && hasEnded(last) ? last : await get<Job>(`jobs/${id}`, { library: undefined }, signal);
    show(job);
    return job;
}

/** Cancels a job. */
export async function cancel(id: string): Promise<void> {
    await send(`jobs/${id}`, { method: "DELETE" }, { library: undefined });
}
