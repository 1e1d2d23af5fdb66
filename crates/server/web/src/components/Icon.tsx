const PATHS = {
    like: "M12 20s-7.5-4.6-7.5-10.1A4.2 4.2 0 0 1 12 7.3a4.2 4.2 0 0 1 7.5 2.6C19.5 15.4 12 20 12 20z",
    dislike: "M5 5l14 14M19 5L5 19",
    read: "M4 12.5l5 5L20 6.5",
    hide: "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM4 20L20 4",
    copy: "M8 8h11v12H8zM5 16V4h11",
    search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21",
    close: "M6 6l12 12M18 6L6 18",
    plus: "M12 5v14M5 12h14",
    minus: "M5 12h14",
    help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5",
    filter: "M4 6h16M7 12h10M10 18h4",
    lasso: "M12 5c5 0 8.5 2 8.5 5s-3.5 5-8.5 5-8.5-2-8.5-5S7 5 12 5zM7 14.5c-1.5 1-1.5 3 .5 3s2 2 .5 3",
    list: "M9 6h11M9 12h11M9 18h11M4 6h.5M4 12h.5M4 18h.5",
    whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    download: "M12 4v11M7 11l5 5 5-5M5 20h14",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside a text, or in a button that has a name. Screen readers skip it. */
export function Icon({ name }: { name: IconName }) {
    return (
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={PATHS[name]} />
        </svg>
    );
}
