// Prints the papers of the test library, one JSON record per line. Some have fields that a page must show as text.

const SUBJECTS = ["protein folding", "dark matter", "graph theory", "enzyme kinetics", "the early universe", "machine translation"];
const METHODS = ["A model", "A measurement", "A proof", "A simulation", "A review", "An experiment"];
const CATEGORIES = ["q-bio.BM", "astro-ph.CO", "math.CO", "q-bio.QM", "astro-ph.CO", "cs.CL"];

/** Markup that would run if it were not shown as text, and that the tests look for. */
export const MARKUP = "<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 1\">";

/** A title of 2,000 characters without a space. */
export const LONG = "Donaudampfschifffahrt".repeat(100).slice(0, 2_000);

export function papers() {
    const plain = SUBJECTS.flatMap((subject, at) =>
        METHODS.map((method, number) => ({
            id: `paper-${at}-${number}`,
            title: `${method} of ${subject}`,
            abstract: `We present ${method.toLowerCase()} of ${subject}. It is compared with ${number + 2} others. The results agree.`,
            year: 1990 + at * 5 + number,
            published: `${1990 + at * 5 + number}-0${number + 1}-15`,
            authors: ["Ada Lovelace", "Alan Turing"],
            venue: at % 2 === 0 ? "Journal of Tests" : "Proceedings of Trials",
            categories: [CATEGORIES[at]],
            doi: `10.1000/${at}.${number}`,
        })),
    );
    const special = [
        { id: "markup", title: `Markup ${MARKUP}`, abstract: MARKUP, authors: [MARKUP], venue: MARKUP, categories: [MARKUP], year: 2001 },
        { id: "formula", title: "Mass and energy, $E = mc^2$", abstract: "It costs $5 or $6. The sum \\(\\sum_{i=1}^n i^2\\) is finite, and $\\unknowncommand$ is not.", year: 2002 },
        { id: "right-to-left", title: "חיפוש מאמרים לפי משמעות", abstract: "בדיקה של כיוון הכתיבה.", authors: ["دانا الخوارزمي"], year: 2003 },
        { id: "accents", title: "Über naïve Façades: Ångström, Čech, Łukasiewicz, Đorđe", authors: ["Žofia Ćwierć"], year: 2004 },
        { id: "long", title: LONG, abstract: LONG, year: 2005 },
        { id: "with/slash%20and?mark#hash", title: "An id with a slash", abstract: "The id has characters that addresses use.", year: 2006 },
    ];
    return [...plain, ...special];
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
    papers().forEach((paper) => console.log(JSON.stringify(paper)));
}
