//! Records that would take much more memory than their bytes in the file.

use cognate_papers::{Draft, Paper, PaperReader, TextReader};

use crate::fixtures::read;

/// The maximum number of values of a record.
const MAX_VALUES: usize = 1 << 20;

const TOO_MANY: &str = "more than 1048576 values, the most for a record";
const TOO_LONG: &str = "longer than 64 MiB, the most for a record";

/// Reads a file of which one record is invalid, and returns the reason and the other papers.
#[track_caller]
fn with_one_error(text: &[u8]) -> (String, Vec<Paper>) {
    let (mut papers, mut errors) = (Vec::new(), Vec::new());
    for record in read(text).1 {
        match record {
            Ok(paper) => papers.push(paper),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(errors.len(), 1, "{errors:?}");
    (errors.remove(0), papers)
}

/// Joins texts that are made from the numbers from 0 on.
fn numbered(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

#[test]
fn a_ris_record_of_empty_fields_or_long_ones_is_an_error() {
    let good = "TY  - JOUR\nID  - good\nTI  - Good\nER  - \n";
    let fields = "KW  - \n".repeat(MAX_VALUES);
    let (error, papers) = with_one_error(format!("TY  - JOUR\n{fields}ER  - \n{good}").as_bytes());
    assert_eq!(error, format!("f:1: {TOO_MANY}"));
    assert_eq!(papers[0].id, "good");
    // The text of one field goes on without tags.
    let text = format!("{}\n", "x".repeat(1 << 20)).repeat(65);
    let (error, papers) =
        with_one_error(format!("TY  - JOUR\nTI  - A\n{text}ER  - \n{good}").as_bytes());
    assert_eq!(error, format!("f:1: {TOO_LONG}"));
    assert_eq!(papers[0].id, "good");
}

#[test]
fn a_json_object_of_small_values_is_an_error() {
    let good = r#"{"id": "good", "title": "Good, [better], {best}"}"#;
    let values = "0,".repeat(MAX_VALUES);
    let bad = format!(r#"{{"id": "a", "title": "A", "x": [{values}0]}}"#);
    let (error, papers) = with_one_error(format!("{bad}\n{good}").as_bytes());
    assert_eq!(error, format!("f:1: {TOO_MANY}"));
    assert_eq!(papers[0].id, "good");
    // Commas and brackets within a text are not values.
    let text = r#",[{\""#.repeat(MAX_VALUES / 2);
    let (_, found) = read(format!(r#"{{"id": "a", "title": "{text}"}}"#).as_bytes());
    assert!(found[0].is_ok());
}

#[test]
fn a_text_that_becomes_a_long_list_is_an_error() {
    for (name, separator) in [("categories", " "), ("categories", ",")] {
        let list = format!("a.b{separator}").repeat(MAX_VALUES + 1);
        let bad = format!(r#"{{"id": "a", "title": "A", "{name}": "{list}"}}"#);
        assert_eq!(with_one_error(bad.as_bytes()).0, format!("f:1: {TOO_MANY}"));
    }
    let list = "A and ".repeat(MAX_VALUES + 1);
    let bad = format!("@misc{{a, title = {{A}}, author = {{{list}B}}}}");
    assert_eq!(with_one_error(bad.as_bytes()).0, format!("f:1: {TOO_MANY}"));
}

#[test]
fn an_inverted_index_that_repeats_a_long_word_is_an_error() {
    let positions: Vec<String> = (0..100).map(|at| at.to_string()).collect();
    let work = format!(
        r#"{{"id": "https://openalex.org/W1", "title": "A", "abstract_inverted_index": {{"{}": [{}]}}}}"#,
        "x".repeat(1 << 20),
        positions.join(","),
    );
    let (error, _) = with_one_error(work.as_bytes());
    assert_eq!(error, format!("f:1: {TOO_LONG}"));
}

#[test]
fn an_xml_record_of_empty_elements_or_attributes_is_an_error() {
    // None of the files is complete.
    let cut = "; the rest of the file was not read";
    let start = "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID>";
    let elements = format!("{start}{}", "<a/>".repeat(MAX_VALUES));
    let (error, _) = with_one_error(elements.as_bytes());
    assert_eq!(error, format!("f:1: {TOO_MANY}{cut}"));
    let attributes = format!("{start}<a{}>", " b".repeat(MAX_VALUES + 1));
    let (error, _) = with_one_error(attributes.as_bytes());
    assert_eq!(error, format!("f:1: {TOO_MANY}{cut}"));
    let nested = "<PubmedArticleSet>".repeat(1000);
    let (error, _) = with_one_error(nested.as_bytes());
    assert_eq!(error, format!("f:1: more than 100 nested elements{cut}"));
}

#[test]
fn a_table_row_of_empty_cells_is_an_error() {
    let cells = ",".repeat(MAX_VALUES);
    let (error, papers) = with_one_error(format!("id,title\na,A{cells}\nb,B\n").as_bytes());
    assert_eq!(error, format!("f:2: {TOO_MANY}"));
    assert_eq!(papers[0].id, "b");
}

#[test]
fn abbreviations_of_bibtex_cannot_multiply() {
    // The last abbreviation has 8 MiB.
    let first = format!("@string{{s0 = \"{}\"}}\n", "x".repeat(1 << 10));
    let doubled = numbered(13, |at| format!("@string{{s{} = s{at} # s{at}}}\n", at + 1));
    let strings = first + &doubled;
    let good = "@misc{good, title = {Good}}\n";
    let fields = numbered(9, |at| format!("note{at} = s13, "));
    let long = format!("{strings}@misc{{a, title = {{A}}, {fields}}}\n{good}");
    let (error, papers) = with_one_error(long.as_bytes());
    assert_eq!(error, format!("f:15: {TOO_LONG}"));
    assert_eq!(papers[0].id, "good");

    let more = numbered(7, |at| format!("@string{{t{at} = s13}}\n"));
    let (error, papers) = with_one_error(format!("{strings}{more}{good}").as_bytes());
    assert_eq!(error, "f:21: the `@string`s are longer than 64 MiB in all");
    assert_eq!(papers[0].id, "good");

    let kept = numbered(9, |at| format!("@xdata{{p{at}, note = s13}}\n"));
    let (_, found) = read(format!("{strings}{kept}").as_bytes());
    let errors: Vec<_> = found.into_iter().filter_map(Result::err).collect();
    assert!(
        errors[0].ends_with("more than 4 times as long as the file"),
        "{errors:?}"
    );
}

#[test]
fn an_entry_of_bibtex_inherits_from_a_limited_number_of_others() {
    let parents = numbered(300, |at| format!("@xdata{{x{at}, note{at} = {{N}}}}\n"));
    let keys = |count: usize| -> String {
        let keys: Vec<String> = (0..count).map(|at| format!("x{at}")).collect();
        keys.join(",")
    };
    let entry = |key: &str, parents: usize| {
        let xdata = keys(parents);
        format!("@misc{{{key}, title = {{A}}, xdata = {{{xdata}}}}}\n")
    };
    let text = format!("{parents}{}{}", entry("a", 256), entry("b", 257));
    let (error, papers) = with_one_error(text.as_bytes());
    assert_eq!(papers[0].id, "a");
    assert_eq!(
        error,
        "f:302: inherits from more than 256 entries, the most for an entry"
    );
}

#[test]
fn a_paper_of_long_texts_is_an_error_but_a_record_with_other_fields_is_not() {
    let text = "x".repeat(5 << 20);
    let long = format!(r#"{{"id": "a", "title": "{text}"}}"#);
    let names = format!("{}\"B\"", "\"A\",".repeat(200_000));
    let many = format!(r#"{{"id": "b", "title": "B", "authors": [{names}]}}"#);
    let other = format!(r#"{{"id": "c", "title": "C", "full_text": "{text}"}}"#);
    let (_, found) = read(format!("{long}\n{many}\n{other}").as_bytes());
    let reason = "longer than 4 MiB, the most for a paper";
    assert_eq!(found[0], Err(format!("f:1: {reason}")));
    assert_eq!(found[1], Err(format!("f:2: {reason}")));
    assert!(found[2].is_ok());
    let text = TextReader::new(long.as_bytes(), "f")
        .unwrap()
        .next()
        .unwrap();
    assert_eq!(text.unwrap_err().to_string(), format!("f:1: {reason}"));
}

#[test]
fn a_reason_or_remark_that_quotes_the_record_is_short() {
    let long = "y".repeat(1 << 20);
    let arxiv = format!(r#"{{"authors_parsed": [], "title": "A", "id": "{long}"}}"#);
    let (error, _) = with_one_error(arxiv.as_bytes());
    assert!(error.starts_with("f:1: `id` is `yyy") && error.ends_with("yyy…"));
    assert!(error.len() < 1100);
    let odd = format!(r#"{{"id": "a", "title": "A", "year": "{long}"}}"#);
    let mut reader = PaperReader::new(odd.as_bytes(), "f").unwrap();
    assert_eq!(reader.next().unwrap().unwrap().year, None);
    let remark = reader.take_remarks().remove(0).text;
    assert!(
        remark.starts_with("`year` is \"yyy") && remark.len() < 300,
        "{remark}"
    );
}

#[test]
fn a_draft_that_includes_a_file_again_and_again_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let main = dir.path().join("main.tex");
    std::fs::write(&main, "\\input{part}\n".repeat(70)).unwrap();
    std::fs::write(dir.path().join("part.tex"), "x".repeat(1 << 20)).unwrap();
    let error = Draft::read(&main).unwrap_err().to_string();
    assert!(
        error.ends_with("main.tex:64: longer than 64 MiB, the most for a draft"),
        "{error}"
    );
}

#[test]
fn entries_of_bibtex_that_inherit_from_a_long_one_take_linear_time() {
    let fields = numbered(50_000, |at| format!("f{at} = 1, "));
    let entries = numbered(10_000, |at| {
        format!("@misc{{a{at}, title = {{A}}, xdata = {{x}}}}\n")
    });
    let (_, found) = read(format!("@xdata{{x, {fields}}}\n{entries}").as_bytes());
    let error = found.last().unwrap().as_ref().unwrap_err();
    assert!(
        error.ends_with("inherit more than 16 times as much as the file has"),
        "{error}"
    );
}
