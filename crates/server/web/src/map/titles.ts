import { signal } from "@preact/signals";

import { getPapersAt, type MapPaper } from "../api/map";

/** How long points are collected before they are asked for, in milliseconds, and the most that are kept. */
const PAUSE = 50;
const MOST = 20_000;

/** The titles and years of points: asked for in small batches, and kept. */
export class Titles {
    /** The papers by their points. Another object says that there are further ones. */
    private readonly known = signal({ papers: new Map<number, MapPaper>() });
    private readonly wanted = new Set<number>();
    private timer = 0;

    /** @param onFailure is called if the titles cannot be had */
    constructor(
        private readonly revision: string,
        private readonly onFailure: (error: unknown) => void,
    ) {}

    /** Returns the paper of a point if it is known. */
    get(at: number): MapPaper | undefined {
        return this.known.value.papers.get(at);
    }

    /** Keeps what is known from other answers. */
    add(found: readonly MapPaper[]): void {
        const { papers } = this.known.peek();
        if (papers.size + found.length > MOST) {
            papers.clear();
        }
        found.forEach((paper) => papers.set(paper.at, paper));
        this.known.value = { papers };
    }

    /** Asks for the papers of points, soon. */
    want(points: readonly number[]): void {
        points.filter((at) => !this.known.peek().papers.has(at)).forEach((at) => this.wanted.add(at));
        if (this.wanted.size > 0) {
            this.timer ||= setTimeout(() => {
                this.timer = 0;
                const batch = [...this.wanted];
                this.wanted.clear();
                getPapersAt(batch, this.revision).then((papers) => this.add(papers), this.onFailure);
            }, PAUSE);
        }
    }
}
