/// An example of a command: what it is for, and the command line.
pub(crate) type Example = (&'static str, &'static str);

/// Returns the examples of a command, or none if it has none.
pub(crate) fn examples(command: &str) -> &'static [Example] {
    EXAMPLES
        .iter()
        .find(|(name, _)| *name == command)
        .map_or(&[], |(_, examples)| examples)
}

const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "search",
        &[
            (
                "The papers that are nearest in meaning and words",
                r#"cognate search "planets around other stars""#,
            ),
            (
                "Only papers of some years and subjects",
                r#"cognate search --year 2015-2019 --category cs.CL "attention alone""#,
            ),
            (
                "Papers that have exact words, without the model",
                r#"cognate search --mode keyword '"random forests"'"#,
            ),
            (
                "Several libraries together",
                r#"cognate search --library papers --library more "weak ties""#,
            ),
            (
                "The best 20 as a bibliography",
                r#"cognate search -k 20 --format bibtex "error bars" > found.bib"#,
            ),
        ],
    ),
    (
        "related",
        &[
            (
                "Papers similar to one of the library",
                "cognate related watts1998collective",
            ),
            (
                "Similar to two papers, and unlike a third",
                "cognate related watts1998collective small1973co --not hirsch2005index",
            ),
            (
                "With the sentences and words that explain each hit",
                "cognate related --explain -k 3 kipf2017semi",
            ),
            (
                "To papers of another command, one id on each line",
                "cognate list --year 1998 | cut -f 1 | cognate related -",
            ),
            (
                "For another program",
                "cognate related --json hirsch2005index",
            ),
        ],
    ),
    (
        "missed",
        &[
            (
                "What a draft might cite, with its own bibliography",
                "cognate missed draft.tex",
            ),
            (
                "With a bibliography that the draft does not name",
                "cognate missed -k 5 notes.md references.bib",
            ),
            ("For another program", "cognate missed --json notes.md"),
        ],
    ),
    (
        "list",
        &[
            ("All papers", "cognate list"),
            (
                "The papers of an author, the latest first",
                "cognate list --author newman --sort year --reverse",
            ),
            (
                "The last 10 that were added",
                "cognate list --reverse -k 10",
            ),
            (
                "The ids of the papers of some years",
                "cognate list --year 2015-2019 | cut -f 1",
            ),
        ],
    ),
    (
        "lists",
        &[
            ("All lists with their numbers of papers", "cognate lists"),
            (
                "Put papers on a list, which is made if needed",
                "cognate lists add to-read kipf2017semi watts1998collective",
            ),
            (
                "With a note about the paper",
                "cognate lists add liked hirsch2005index --note \"a simple measure\"",
            ),
            (
                "Take a paper off a list",
                "cognate lists remove to-read watts1998collective",
            ),
            (
                "Delete a list; its papers stay in the library",
                "cognate lists delete to-read",
            ),
        ],
    ),
    (
        "show",
        &[
            ("A paper with its abstract", "cognate show kipf2017semi"),
            ("By its arXiv identifier", "cognate show arXiv:1609.02907"),
            (
                "Two papers",
                "cognate show kipf2017semi watts1998collective",
            ),
            ("For another program", "cognate show --json kipf2017semi"),
        ],
    ),
    (
        "open",
        &[
            (
                "A paper in the browser, by its id",
                "cognate open kipf2017semi",
            ),
            ("By its arXiv identifier", "cognate open arXiv:1609.02907"),
            (
                "From a library by its name",
                "cognate open --library papers watts1998collective",
            ),
        ],
    ),
    (
        "add",
        &[
            (
                "A bibliography, into a library that is made if needed",
                "cognate add --library papers references.bib",
            ),
            (
                "Several files, also compressed",
                "cognate add references.bib papers.jsonl.gz",
            ),
            ("From another program", "cat papers.jsonl | cognate add -"),
            (
                "With a report of what was left out or changed",
                "cognate add --skip-bad --report report.jsonl papers.jsonl",
            ),
            (
                "A new library with another model, in int8, which is faster",
                "cognate add --library new --model bge-small-en-v1.5 --precision int8 a.bib",
            ),
        ],
    ),
    (
        "remove",
        &[
            ("A paper", "cognate remove kipf2017semi"),
            (
                "What would be removed by a filter",
                "cognate remove --dry-run --year -1990",
            ),
            (
                "The same, kept in a file from which the papers can be added again",
                "cognate remove --year -1990 --save removed.jsonl",
            ),
            (
                "From a library that is not the default",
                "cognate remove --library papers efron1979bootstrap",
            ),
        ],
    ),
    (
        "export",
        &[
            (
                "All papers with all fields, as JSON Lines",
                "cognate export > papers.jsonl",
            ),
            (
                "A bibliography for LaTeX",
                "cognate export --output all.bib",
            ),
            (
                "Some papers for Zotero",
                "cognate export --output some.ris kipf2017semi hirsch2005index",
            ),
            (
                "A reading list of one subject, the latest first",
                "cognate export --category cs.SI --sort year --reverse --output list.md",
            ),
        ],
    ),
    (
        "info",
        &[
            ("Size and model of the library", "cognate info"),
            ("Of another library", "cognate info --library papers"),
            ("For another program", "cognate info --json"),
        ],
    ),
    (
        "topics",
        &[
            ("The topics of the library", "cognate topics"),
            ("More and smaller topics", "cognate topics --resolution 2"),
            (
                "With the ids of all papers, for another program",
                "cognate topics --json",
            ),
        ],
    ),
    (
        "map",
        &[
            ("Lay out the papers of the library", "cognate map"),
            (
                "The places of all papers, for a spreadsheet",
                "cognate map --output points.csv",
            ),
            (
                "With the topics at their places, for another program",
                "cognate map --json",
            ),
        ],
    ),
    (
        "duplicates",
        &[
            (
                "Papers that are there twice, or nearly so",
                "cognate duplicates",
            ),
            (
                "Texts that are less alike too",
                "cognate duplicates --threshold 0.9",
            ),
            (
                "The first ten pairs, for another program",
                "cognate duplicates -k 10 --json",
            ),
        ],
    ),
    (
        "check",
        &[
            ("Whether all files are intact", "cognate check"),
            ("Rebuild what is damaged", "cognate check --repair"),
            ("For another program", "cognate check --json"),
        ],
    ),
    (
        "compact",
        &[
            ("Reclaim the space of removed papers", "cognate compact"),
            ("Of another library", "cognate compact --library papers"),
            ("For another program", "cognate compact --json"),
        ],
    ),
    (
        "upgrade",
        &[
            (
                "Change the model of the library",
                "cognate upgrade --model bge-small-en-v1.5",
            ),
            (
                "Only map the vectors now, which is quick",
                "cognate upgrade --model bge-small-en-v1.5 --map-only",
            ),
            (
                "Continue an upgrade that was interrupted",
                "cognate upgrade",
            ),
        ],
    ),
    (
        "model",
        &[
            (
                "What the default model is",
                "cognate model all-MiniLM-L6-v2",
            ),
            (
                "Whether another program makes the same vectors",
                "cognate model all-MiniLM-L6-v2 --compare theirs.npy --input texts.txt",
            ),
            (
                "For another program",
                "cognate model --json all-MiniLM-L6-v2",
            ),
        ],
    ),
    (
        "embed",
        &[
            (
                "One vector for each line of a file",
                "cognate embed --input texts.txt --output texts.npy",
            ),
            (
                "As queries, for models that tell these apart",
                "cognate embed --query --input texts.txt --output queries.npy",
            ),
            (
                "With another model",
                "cognate embed --model bge-small-en-v1.5 --input a.txt --output a.npy",
            ),
        ],
    ),
    (
        "eval",
        &[
            (
                "How well the library finds its own papers",
                "cognate eval --self",
            ),
            (
                "A judged collection, by each mode of search",
                "cognate eval --corpus a.jsonl --queries queries.jsonl --qrels qrels.tsv",
            ),
            (
                "One mode, against a run of another program",
                "cognate eval --mode vector --queries q.jsonl --qrels qrels.tsv --baseline run",
            ),
            (
                "A run of another program alone",
                "cognate eval --qrels qrels.tsv --run theirs.run",
            ),
        ],
    ),
    (
        "serve",
        &[
            (
                "The default library, for programs on this machine",
                "cognate serve",
            ),
            (
                "Two libraries, whose papers and lists requests may change",
                "cognate serve --library papers --library more --allow-write",
            ),
            (
                "For other machines, which need the token of a file",
                "cognate serve --bind 0.0.0.0:7625 --token-file token",
            ),
        ],
    ),
    (
        "mcp",
        &[
            (
                "A library, for the client that starts the command",
                "cognate mcp --library papers",
            ),
            (
                "Two libraries, of which the first is the default",
                "cognate mcp --library papers --library more",
            ),
            (
                "An agent that may add papers and change lists",
                "cognate mcp --library papers --allow-write",
            ),
            (
                "With each step and its time, to find out why an agent cannot start it",
                "cognate mcp --library papers --verbose",
            ),
        ],
    ),
    (
        "config",
        &[
            (
                "The library to use if no other is named",
                "cognate config set default-library papers",
            ),
            (
                "A name for a library, for --library work",
                "cognate config set libraries.work papers",
            ),
            ("What is set, and where", "cognate config list"),
            ("The path of the file", "cognate config path"),
        ],
    ),
    (
        "completions",
        &[
            (
                "For bash, in this shell",
                "source <(cognate completions bash)",
            ),
            (
                "For zsh, from now on, in a folder of its fpath",
                "cognate completions zsh > _cognate",
            ),
            (
                "For fish, from now on, in ~/.config/fish/completions",
                "cognate completions fish > cognate.fish",
            ),
        ],
    ),
    (
        "man",
        &[
            ("Read the page", "cognate man | man -l -"),
            (
                "Read the page of a command",
                "cognate man search | man -l -",
            ),
            (
                "Install the pages of all commands",
                "cognate man --output share/man/man1",
            ),
        ],
    ),
];
