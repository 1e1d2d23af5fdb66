//! Cognate's own JSON, and that of programs with other names for the same fields.

use cognate_papers::{Format, Paper, PaperKind};

use crate::fixtures::{fields, notes, papers, read};

#[test]
fn own_records_may_have_a_type_and_stand_in_a_list() {
    let list = r#"[{"id": "a", "type": "article", "title": "One", "authors": ["Ann Ada"], "year": 2020,
        "venue": "J One", "doi": "10.1000/own"}, null, {"id": "b", "type": "book", "title": "Two"}]"#;
    let found = papers(list, Format::JsonLines);
    let one = Paper::new("a")
        .title("One")
        .authors(["Ann Ada"])
        .year(2020)
        .venue("J One")
        .doi("10.1000/own")
        .kind(PaperKind::Article);
    let two = Paper::new("b").title("Two").kind(PaperKind::Book);
    assert_eq!(found, [one, two]);
}

#[test]
fn fields_of_other_names_are_those_of_a_paper() {
    let line = r#"{"ENTRYTYPE": "inproceedings", "ID": "ada20", "Title": "One", "abstract_text": "Text", "author":
        "Ada, Ann and Birch, Bo", "booktitle": "Proc", "Keywords": "x, y z", "date": "2001-02-03", "pages": "1--2",
        "first_page": "7", "volume": 12.0, "DOI": "doi:10.1000/X", "journal": null, "likes": 3}"#
        .replace('\n', " ");
    let found = &papers(&line, Format::JsonLines)[0];
    assert_eq!(
        (&*found.id, &*found.title, &*found.abstract_text),
        ("ada20", "One", "Text")
    );
    assert_eq!(found.authors, ["Ann Ada", "Bo Birch"]);
    assert_eq!(
        (found.year, found.venue.as_deref()),
        (Some(2001), Some("Proc"))
    );
    assert_eq!(found.categories, ["x", "y z"]);
    assert_eq!(found.doi.as_deref(), Some("10.1000/x"));
    assert_eq!(
        fields(found, &["type", "published", "volume", "pages"]),
        "conference-paper | 2001-02-03 | 12 | 1-2"
    );
    assert_eq!(notes(&line).0, ["likes"]);
}

#[test]
fn names_may_be_texts_objects_or_one_text() {
    for (authors, expected) in [
        (r#"["Ann Ada", "Birch, Bo"]"#, &["Ann Ada", "Bo Birch"][..]),
        (
            r#"[{"name": "Ann Ada"}, {"given": "Bo", "family": "Birch"}]"#,
            &["Ann Ada", "Bo Birch"],
        ),
        (r#""Ann Ada; Bo Birch""#, &["Ann Ada", "Bo Birch"]),
        (
            r#"[{"firstName": "Ann", "lastName": "Ada"}, null]"#,
            &["Ann Ada"],
        ),
        (r#"{"name": "Ann Ada"}"#, &["Ann Ada"]),
    ] {
        let line = format!(r#"{{"id": "a", "title": "T", "authors": {authors}}}"#);
        assert_eq!(
            papers(&line, Format::JsonLines)[0].authors,
            expected,
            "{authors}"
        );
    }
    // A record of Cognate has all fields, and its names are as they are.
    let paper = Paper::new("a")
        .title("T")
        .authors(["Ada, Ann", "Bo (B) Birch"]);
    let own = serde_json::to_string(&paper).unwrap();
    assert_eq!(papers(&own, Format::JsonLines), [paper]);
}

#[test]
fn values_of_a_wrong_type_are_left_out_with_a_remark() {
    let line = r#"{"id": {"x": 1}, "title": 1984, "authors": [true, "Ann Ada"], "year": NaN, "categories": [1, {}],
        "volume": [], "pages": {"from": 1}, "doi": false, "published": "soon", "pmid": Infinity}"#
        .replace('\n', " ");
    let paper = &papers(&line, Format::JsonLines)[0];
    assert_eq!((&*paper.id, &*paper.title), ("ada-1984", "1984"));
    assert_eq!(paper.authors, ["Ann Ada"]);
    assert_eq!(paper.categories, ["1"]);
    let (ignored, remarks) = notes(&line);
    assert_eq!(ignored, [""; 0]);
    let expected = [
        "`authors` holds a truth value, which was left out, expected names",
        "`doi` is a truth value, which was left out, expected a text",
        "`published` is \"soon\", which was left out, expected a date such as 2017-06-12",
        "`pages` is an object, which was left out, expected a text",
        "`id` is an object, which was left out, expected a text",
    ];
    assert_eq!(remarks, expected);
}

#[test]
fn years_and_ids_in_every_form() {
    let lines = r#"{"id": "a", "title": "One", "year": 2017.0}
{"id": 3, "title": "Two", "year": "2017-06-12"}
{"title": "Three", "doi": "10.1000/x", "year": -Infinity}
{"title": "Four", "arxiv": "2401.00002", "published": 1497225600000}
null
{"title": "Five words of a title"}"#;
    let found = papers(lines, Format::JsonLines);
    let found: Vec<_> = found.iter().map(|paper| (&*paper.id, paper.year)).collect();
    let expected = [
        ("a", Some(2017)),
        ("3", Some(2017)),
        ("10.1000/x", None),
        ("2401.00002", Some(2017)),
        ("five-words-title", None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_wrapper_of_any_name_holds_a_list() {
    let records = r#"[{"title": "One", "year": 2001}, null, {"title": "Two", "year": 2002}]"#;
    for wrapper in [
        "LIST".to_owned(),
        r#"{"my_list": LIST}"#.to_owned(),
        r#"{"count": 2, "reply": {"status": "ok", "documents": LIST}, "next": null}"#.to_owned(),
        r#"{"hits": {"hits": [{"_source": {"title": "One", "year": 2001}}, {"_source": {"title": "Two", "year": 2002}}]}}"#
            .to_owned(),
    ] {
        let text = wrapper.replace("LIST", records);
        let found = papers(&text, Format::JsonLines);
        let titles: Vec<_> = found.iter().map(|paper| (&*paper.title, paper.year)).collect();
        assert_eq!(titles, [("One", Some(2001)), ("Two", Some(2002))], "{text}");
    }
    let two_pages = r#"{"results": [{"title": "One", "id": 1}]}{"results": [{"title": "Two", "id": 2}]}{"error": "x"}"#;
    let (_, found) = read(two_pages.as_bytes());
    assert_eq!(found.len(), 3);
    let error = found[2].as_ref().unwrap_err();
    assert!(
        error.contains("has no list of records in `results`"),
        "{error}"
    );
}
