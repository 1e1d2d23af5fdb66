use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::{Draft, DraftFormat, DraftOptions};

fn keys(draft: &Draft) -> Vec<&str> {
    let citations = draft.citations().iter();
    citations
        .filter_map(|citation| citation.key.as_deref())
        .collect()
}

/// Returns the keys that a draft without other files cites.
#[track_caller]
fn assert_cites(text: &str, expected: &[&str]) {
    let draft = Draft::parse(text, DraftFormat::Latex);
    assert_eq!(keys(&draft), expected, "{text}");
}

/// Writes files to a folder with `main.tex`, `name` and text by turns.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn read(dir: &TempDir) -> Draft {
    Draft::read(dir.path().join("main.tex")).unwrap()
}

/// Returns the notes without the path of the folder.
fn notes(dir: &TempDir, draft: &Draft) -> Vec<String> {
    let folder = format!("{}/", dir.path().display());
    draft
        .notes()
        .iter()
        .map(|note| note.replace(&folder, ""))
        .collect()
}

#[test]
fn replaces_commands_by_the_files_that_they_include() {
    let dir = folder(&[
        (
            "main.tex",
            "\\begin{document}\nIt starts right here.\n\n\\input{parts/one} % \\input{none}\n\
             \\includegraphics{none}\n\\begin{verbatim}\n\\input{none}\n\\end{verbatim}\n\
             \\input parts/two.tex\n\\end{document}\n",
        ),
        // The folder of the including file precedes the folder of the main file.
        (
            "parts/one.tex",
            "The first part is read.\n\n\\include{three}\n",
        ),
        (
            "parts/two.tex",
            "The second part is read.\n\n\\subfile{parts/three}\n",
        ),
        ("parts/three.tex", "The third part cites \\cite{a}.\n\n"),
    ]);
    let draft = read(&dir);
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        [
            "It starts right here.",
            "The first part is read.",
            "The third part cites.",
            "The second part is read.",
            "The third part cites.",
        ]
    );
    assert_eq!(draft.citations().len(), 1);
    assert!(draft.notes().is_empty());
}

#[test]
fn follows_every_command_that_includes_a_file() {
    let dir = folder(&[
        (
            "main.tex",
            "\\newcommand{\\chapters}{chap}\n\\def\\deep{\\chapters/deep}\n\
             \\newcommand{\\chapter}[2][x]{\\input{\\chapters/#2}}\n\\let\\inc\\input\n\
             \\makeatletter\\def\\input@path{{far/}}\\makeatother\n\
             \\begin{document}\n\
             \\import{one/}{a}\n\\subimport*{one}{b}\n\\includefrom{one/}{c.tex}\n\
             \\InputIfFileExists{d}{\\cite{d2}}{\\cite{never}}\n\
             \\InputIfFileExists{none}{\\cite{never}}{\\cite{d3}}\n\
             \\IfFileExists{d}{\\cite{d4}}{\\cite{never}}\n\
             \\input{\\chapters/e}\n\\input{\\deep/f}\n\\chapter{g}\n\\inc{h}\n\
             \\input{\"with space\"}\n\\subfile{\\subfix{sub/main}}\n\\subfileinclude{sub/k}\n\
             \\include{\\jobname-part}\n\\input \\chapters/m\n\\cite{end}\n\\end{document}\n",
        ),
        (
            "one/a.tex",
            "\\cite{a} \\input{near} \\subimport{two/}{deeper}",
        ),
        ("one/near.tex", "\\cite{a2}"),
        ("one/two/deeper.tex", "\\cite{a3} \\input{x/y}"),
        ("one/two/x/y.tex", "\\cite{a4} \\input{z}"),
        ("one/two/z.tex", "\\cite{a5}"),
        ("one/b.tex", "\\cite{b}"),
        ("one/c.tex", "\\cite{c}"),
        ("d.tex", "\\cite{d}"),
        ("chap/e.tex", "\\cite{e}"),
        ("chap/deep/f.tex", "\\cite{f}"),
        ("chap/g.tex", "\\cite{g}"),
        ("far/h.tex", "\\cite{h}"),
        ("with space.tex", "\\cite{i}"),
        (
            "sub/main.tex",
            "\\documentclass[../main]{subfiles}\n\\newcommand{\\x}{\\cite{never}}\n\
             \\begin{document}\\cite{j}\\end{document}\n\\cite{never}",
        ),
        ("sub/k.tex", "\\cite{k}\n\\endinput\n\\cite{never}"),
        ("main-part.tex", "\\cite{l}"),
        ("chap/m.tex", "\\cite{m}"),
    ]);
    let draft = read(&dir);
    let expected = [
        "a", "a2", "a3", "a4", "a5", "b", "c", "d", "d2", "d3", "d4", "e", "f", "g", "h", "i", "j",
        "k", "l", "m", "end",
    ];
    assert_eq!(keys(&draft), expected);
    assert!(draft.notes().is_empty(), "{:?}", draft.notes());
}

#[test]
fn a_missing_file_is_a_note() {
    let dir = folder(&[
        (
            "main.tex",
            "\\input{glyphtounicode}\n\\begin{document}\nSeen \\cite{a}.\n\\input{lost}\n\
             \\iffalse\\input{old}\\fi % \\input{older}\n\\import{some}{part}\n\\input{\\where/x}\n\
             \\newcommand{\\y}[1]{\\input{#1}}\n\\input{b}\n\\end{document}\n\\input{behind}\n",
        ),
        ("b.tex", "One.\n\n\\input{far}"),
    ]);
    let draft = read(&dir);
    assert_eq!(keys(&draft), ["a"]);
    assert_eq!(
        notes(&dir, &draft),
        [
            "main.tex:1: `glyphtounicode` is not in the folder of the draft; it belongs to TeX",
            "main.tex:4: found no file `lost` in the folder of the draft, so its text is not read",
            "main.tex:6: found no file `some/part` in the folder of the draft, so its text is not read",
            "main.tex:7: the draft does not define `\\where`, so the file `\\where/x` is not read",
            "b.tex:3: found no file `far` in the folder of the draft, so its text is not read",
        ]
    );
}

#[test]
fn an_error_names_a_file_that_includes_itself_or_is_outside() {
    let dir = folder(&[
        ("draft/main.tex", "Text.\n\\input{b}\n"),
        ("draft/b.tex", "Text.\n\n\\input{main}\n"),
        ("draft/c.tex", "Text.\n\\import{../}{secret}\n"),
        ("secret.tex", "It is a secret."),
    ]);
    let error = |name: &str| {
        let error = Draft::read(dir.path().join(name)).unwrap_err();
        error.to_string()
    };
    assert!(error("draft/main.tex").ends_with("b.tex:3: `main` includes itself"));
    assert!(error("draft/c.tex").contains("c.tex:2: `secret` is outside the folder of the draft"));
    assert!(error("none.tex").starts_with("cannot read `"));
    let options = DraftOptions::default().allow_outside(true);
    let draft = Draft::read_with(dir.path().join("draft/c.tex"), options).unwrap();
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        ["Text. It is a secret."]
    );
}

#[test]
fn files_of_references_are_found() {
    let dir = folder(&[
        (
            "main.tex",
            "\\newcommand{\\bibs}{bibs}\n\\addbibresource[label=x]{\\bibs/one.bib}\n\
             \\addglobalbib{lost.bib}\n\\addbibresource[location=remote]{https://x.example/y.bib}\n\
             \\begin{document}\\cite{a}\\bibliographystyle{plain}\n\
             \\bibliography{IEEEabrv, two,bibs/one}\n\\bibliographyown{own}\n\
             \\bibliography{../outside}\\end{document}",
        ),
        ("bibs/one.bib", ""),
        ("two.bib", ""),
        ("own.bib", ""),
    ]);
    fs::create_dir(dir.path().join("in")).unwrap();
    let draft = read(&dir);
    let names: Vec<&Path> = draft
        .bibliographies()
        .iter()
        .map(|path| path.strip_prefix(&dir).unwrap())
        .collect();
    assert_eq!(names, ["bibs/one.bib", "two.bib", "own.bib"].map(Path::new));
    assert_eq!(
        notes(&dir, &draft),
        [
            "main.tex:3: found no file `lost.bib` of references in the folder of the draft",
            "main.tex:4: the references at `https://x.example/y.bib` are not in a file, so they are not read",
            "main.tex:6: `IEEEabrv.bib` is not in the folder of the draft; it belongs to TeX",
            "main.tex:8: found no file `../outside.bib` of references in the folder of the draft",
        ]
    );
}

#[test]
fn references_outside_the_folder_are_not_read_unless_allowed() {
    let dir = folder(&[
        ("draft/main.tex", "See \\cite{a}.\n\\bibliography{../all}\n"),
        ("all.bib", ""),
    ]);
    let main = dir.path().join("draft/main.tex");
    let draft = Draft::read(&main).unwrap();
    assert!(draft.bibliographies().is_empty());
    assert!(
        draft.notes()[0].contains("the references `../all` are outside the folder of the draft")
    );
    let draft = Draft::read_with(&main, DraftOptions::default().allow_outside(true)).unwrap();
    assert_eq!(draft.bibliographies().len(), 1);
}

#[test]
fn the_list_that_bibtex_wrote_stands_for_a_missing_file() {
    let dir = folder(&[
        ("main.tex", "See \\cite{a}.\n\n\\bibliography{lost}\n"),
        (
            "main.bbl",
            "\\begin{thebibliography}{1}\n\\bibitem{a} A. Author, Moss of the north.\n\\end{thebibliography}",
        ),
    ]);
    let draft = read(&dir);
    assert_eq!(
        draft.citations()[0].text.as_deref(),
        Some("A. Author, Moss of the north.")
    );
    assert!(draft.notes().is_empty());
}

#[test]
fn references_within_the_draft_complete_its_citations() {
    let text = "\\begin{filecontents*}[overwrite]{refs.bib}\n@article{a, title={Moss of the north}, \
                doi={10.1000/a}}\n@misc{b, title={Not cited}}\n\\end{filecontents*}\n\
                \\addbibresource{refs.bib}\n\\begin{document}Seen \\cite{a}.\\end{document}";
    let draft = Draft::parse(text, DraftFormat::Latex);
    assert_eq!(draft.citations().len(), 1);
    assert_eq!(draft.citations()[0].doi.as_deref(), Some("10.1000/a"));
    assert_eq!(
        draft.citations()[0].text.as_deref(),
        Some("Moss of the north")
    );
}

#[test]
fn hidden_parts_and_code_cite_nothing() {
    for hidden in [
        "% \\cite{x}\n",
        "\\begin{comment}\n\\cite{x}\n\\end{comment}\n",
        "\\begin{verbatim*} \\cite{x} \\end{verbatim*}",
        "\\begin{lstlisting}[language=TeX]\n% {\n\\cite{x}\n\\end{lstlisting}\n",
        "\\begin{minted}{latex}\n\\cite{x}\n\\end{minted}",
        "\\begin{Verbatim}[fontsize=\\small]\n\\cite{x}\n\\end{Verbatim}",
        "\\verb|\\cite{x}| and \\verb*+\\cite{x}+",
        "\\lstinline!\\cite{x}! \\lstinline[language=C]{\\cite{x}} \\mintinline{tex}|\\cite{x}|",
        "\\iffalse \\ifx\\a\\b \\cite{x} \\fi \\cite{x} \\fi",
        "\\iftrue\\else\\cite{x}\\fi",
        "\\newif\\ifdraft \\ifdraft\\cite{x}\\fi",
        "\\newif\\ifdraft \\drafttrue \\draftfalse \\ifdraft \\cite{x} \\else \\fi",
        "\\newtoggle{long}\\iftoggle{long}{\\cite{x}}{}",
        "\\newboolean{long}\\ifthenelse{\\boolean{long}}{\\cite{x}}{}",
        "\\newcommand{\\hide}[1]{} \\hide{\\cite{x}}",
        "\\newcommand{\\unused}{\\cite{x}}",
        "\\lstnewenvironment{code}{}{} \\begin{code}\\cite{x}\\end{code}",
        "\\excludecomment{solution}\\begin{solution}\\cite{x}\\end{solution}",
        "\\newminted{tex}{} \\begin{texcode}\\cite{x}\\end{texcode}",
        "\\end{document} \\cite{x}",
    ] {
        assert_cites(
            &format!("\\begin{{document}}Seen \\cite{{a}}. {hidden}"),
            &["a"],
        );
    }
    for shown in [
        "10\\% \\cite{x}",
        "\\url{http://y.example/a%20b} \\cite{x}",
        "\\iffalse\\else\\cite{x}\\fi",
        "\\iftrue\\cite{x}\\else\\cite{y}\\fi",
        "\\newif\\ifdraft \\drafttrue \\ifdraft\\cite{x}\\fi",
        "\\ifpdf\\cite{x}\\fi",
        "\\newtoggle{long}\\toggletrue{long}\\iftoggle{long}{\\cite{x}}{\\cite{y}}",
        "\\begin{verbatim} % \\end{verbatim} \\cite{x}",
        "\\iffalse\\fi \\begin{quote}\\cite{x}\\end{quote}",
    ] {
        assert_cites(
            &format!("\\begin{{document}}Seen \\cite{{a}}. {shown}"),
            &["a", "x"],
        );
    }
}

#[test]
fn macros_cite_what_their_definition_cites() {
    for (definition, usage, expected) in [
        ("\\let\\oldcite\\cite", "\\oldcite{a}", vec!["a"]),
        ("\\let\\old=\\citep", "\\old[see][]{a,b}", vec!["a", "b"]),
        (
            "\\newcommand{\\mine}[1]{\\cite{#1}}",
            "\\mine{a,%\n b}",
            vec!["a", "b"],
        ),
        (
            "\\newcommand\\mine[2][]{see \\citep[#1]{#2}}",
            "\\mine{a} \\mine[p. 3]{b}",
            vec!["a", "b"],
        ),
        (
            "\\newcommand{\\cf}[2]{\\cite{#2} (#1)}",
            "\\cf{text}{a}",
            vec!["a"],
        ),
        (
            "\\newcommand{\\known}{\\cite{a,b}}",
            "\\known",
            vec!["a", "b"],
        ),
        (
            "\\newcommand{\\inner}[1]{\\cite{#1}}\\newcommand{\\outer}[1]{\\inner{#1}}",
            "\\outer{a}",
            vec!["a"],
        ),
        (
            "\\newcommand{\\mycites}{\\cite}",
            "\\mycites[3]{a}",
            vec!["a"],
        ),
        ("\\def\\mine#1{\\cite{#1}}", "\\mine{a}", vec!["a"]),
        (
            "\\let\\old\\cite \\renewcommand{\\cite}[1]{(\\old{#1})}",
            "\\cite{a}",
            vec!["a"],
        ),
        (
            "\\renewcommand{\\cite}[1]{\\cite{#1}}",
            "\\cite{a}",
            vec!["a"],
        ),
        (
            "\\NewDocumentCommand{\\mine}{s O{} m}{\\parencite[#2]{#3}}",
            "\\mine*{a} \\mine[x]{b}",
            vec!["a", "b"],
        ),
        (
            "\\newcommandx{\\mine}[3][1=,2=]{\\cite[#1][#2]{#3}}",
            "\\mine[x]{a}",
            vec!["a"],
        ),
        (
            "\\DeclareCiteCommand{\\seen}[\\mkbib]{\\a}{\\b}{\\c}{\\d}",
            "\\seen[1]{a}",
            vec!["a"],
        ),
        (
            "\\newcommand{\\citationneeded}{[needed]}",
            "\\citationneeded{a}",
            vec![],
        ),
        (
            "\\providecommand{\\mine}[1]{\\cite{#1}}\\providecommand{\\mine}[1]{}",
            "\\mine{a}",
            vec!["a"],
        ),
    ] {
        assert_cites(
            &format!("{definition}\n\\begin{{document}}Seen {usage}.\\end{{document}}"),
            &expected,
        );
    }
}

#[test]
fn a_file_of_macros_serves_the_files_after_it() {
    let dir = folder(&[
        (
            "main.tex",
            "\\input{macros}\n\\begin{document}\n\\input{body}\n\\end{document}",
        ),
        (
            "macros.tex",
            "\\newcommand{\\mine}[2]{\\cite{#2}}\n\\newif\\iflong\n\\newcommand{\\dir}{parts}",
        ),
        (
            "body.tex",
            "\\mine{x}{a} \\iflong\\input{lost}\\fi \\input{\\dir/b}",
        ),
        ("parts/b.tex", "\\cite{b}"),
    ]);
    let draft = read(&dir);
    assert_eq!(keys(&draft), ["a", "b"]);
    assert!(draft.notes().is_empty());
}

#[test]
fn packages_in_the_folder_of_the_draft_define_macros() {
    let dir = folder(&[
        (
            "main.tex",
            "\\usepackage[x]{own,graphicx}\n\\begin{document}\nSeen by \\mine{x}{a}.\n\\end{document}",
        ),
        (
            "own.sty",
            "\\newcommand{\\mine}[2]{\\cite{#2}}\n\\typeout{never}\\cite{never}",
        ),
    ]);
    let draft = read(&dir);
    assert_eq!(keys(&draft), ["a"]);
    assert_eq!(draft.sentences().collect::<Vec<_>>(), ["Seen by."]);
    assert!(draft.notes().is_empty(), "{:?}", draft.notes());
}

#[test]
fn a_macro_that_produces_itself_ends() {
    for text in [
        "\\def\\a{\\a\\a\\cite{x}} \\a",
        "\\def\\a{\\b\\b\\cite{x}}\\def\\b{\\a\\a\\cite{x}} \\a",
        "\\newcommand{\\a}[1]{\\a{#1#1\\cite{x}}} \\a{y}",
    ] {
        Draft::parse(text, DraftFormat::Latex);
    }
    for repeated in [
        "\\newcommand{",
        "\\def\\x{",
        "\\iffalse",
        "\\begin{comment}",
        "\\newif\\ifx",
        "%",
        "\\verb|",
    ] {
        Draft::parse(&repeated.repeat(5_000), DraftFormat::Latex);
    }
}

#[test]
fn a_hidden_part_between_two_lines_ends_no_paragraph() {
    let text = "We saw\n\\begin{comment}\nnothing\n\\end{comment}\nthe moss grow.";
    let draft = Draft::parse(text, DraftFormat::Latex);
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        ["We saw the moss grow."]
    );
}
