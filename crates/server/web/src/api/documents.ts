// The documents of the server, with the fields that the page uses. `/openapi.json` describes all of them.

/** A list that a paper is on, with the note about the paper if there is one. */
export interface ListEntry {
    name: string;
    note?: string;
}

export interface Paper {
    id: string;
    title: string;
    abstract: string;
    authors: string[];
    year: number | null;
    venue: string | null;
    url: string | null;
    categories: string[];
    doi: string | null;
    arxiv: string | null;
    references: string[];
    type?: string;
    published?: string;
    updated?: string;
    volume?: string;
    number?: string;
    pages?: string;
    publisher?: string;
    series?: string;
    edition?: string;
    isbn?: string;
    issn?: string;
    pmid?: string;
    pmcid?: string;
    language?: string;
    added?: string;
    lists?: ListEntry[];
}

/** Why a paper answers a query. */
export interface Explanation {
    query_sentence: string;
    paper_sentence: string;
    /** The cosine of the two sentences. */
    score: number;
    /** The words that both have. */
    words: string[];
}

export interface Hit extends Paper {
    library?: string;
    also_in?: string[];
    rank: number;
    /** The cosine of query and paper. */
    score: number | null;
    /** The share of random pairs of papers with a lower cosine, in percent. */
    percentile?: number | null;
    found_by?: "words" | "meaning" | "both" | null;
    named?: true;
    versions?: Paper[];
    explanation?: Explanation;
}

/** Why nothing was found. */
export interface Reason {
    reason: string;
    detail?: string;
}

export interface Hits {
    hits: Hit[];
    total: number;
    next: string | null;
    reasons?: Reason[];
}

export interface ShownPaper extends Paper {
    versions: Paper[];
}

export interface PaperList {
    papers: Paper[];
    next: string | null;
}

export interface Count {
    name: string;
    papers: number;
}

export interface Facets {
    papers: number;
    years: { year: number; papers: number }[];
    venues: Count[];
    categories: Count[];
    lists: Count[];
}

export interface Lists {
    lists: Count[];
}

export interface Suggestion {
    kind: "paper" | "author" | "venue" | "category";
    text: string;
    id?: string;
    papers: number;
}

export interface LibraryInfo {
    name: string;
    generation: string;
    papers: number;
    model: string;
    precision: string;
    dim: number;
    mapped: number;
    segments: number;
    deleted_rows: number;
    bytes: number;
    faults: { fault: string; repairable: boolean; in_vectors: boolean }[];
}

export interface Info {
    program: string;
    allow_write: boolean;
    max_k: number;
    max_query_bytes: number;
    libraries: LibraryInfo[];
}

export interface MissedHit extends Hit {
    /** The sentence of the draft that is nearest to the paper. */
    sentence: string;
    sentence_score: number;
}

export interface Missed {
    title: string | null;
    sentences: number;
    hits: MissedHit[];
    cited: {
        found: { citation: string; id: string }[];
        not_found: { citation: string; text: string | null; doi: string | null; arxiv: string | null }[];
    };
    /** Why records of the list of references were left out. */
    unread_references?: string[];
}

export interface Topic {
    size: number;
    words: string[];
    central: Paper[];
    ids: string[];
}

export interface Topics {
    modularity: number;
    unplaced: number;
    topics: Topic[];
}

export interface DuplicatePair {
    cosine: number;
    reason: "doi" | "arxiv" | "title" | "text";
    papers: [Paper, Paper];
}

export interface Duplicates {
    total: number;
    pairs: DuplicatePair[];
    next: string | null;
}

export interface Remark {
    line?: number;
    record?: number;
    event: string;
    message?: string;
    [field: string]: unknown;
}

export interface Job {
    id: string;
    /** What the job does: adds papers, or computes the layout of the map. */
    kind?: "import" | "map";
    library: string;
    file: string;
    state: "waiting" | "running" | "done" | "failed" | "cancelled";
    progress: { total?: number; papers: number; embedded: number; committed: number; stage?: "neighbors" | "layout" | "topics"; share?: number };
    report?: { added: number; updated: number; unchanged: number; invalid: number; incomplete: string | null };
    remarks: Remark[];
    total_remarks: number;
    problem?: { title: string; detail?: string };
}
