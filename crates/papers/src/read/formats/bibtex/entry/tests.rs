use super::*;

fn parsed(text: &str) -> (String, Vec<(String, String)>, usize) {
    let entry = parse(text, false).unwrap();
    let value = |parts: &[Part<'_>]| {
        let parts = parts.iter().map(|part| match part {
            Part::Text(text) => (*text).to_owned(),
            Part::Name(name) => format!("<{name}>"),
        });
        parts.collect::<Vec<_>>().join("#")
    };
    let fields = entry.fields.iter();
    let fields = fields.map(|(name, parts)| (name.clone(), value(parts)));
    (entry.key.to_owned(), fields.collect(), entry.remarks.len())
}

#[test]
fn reads_keys_fields_and_values() {
    for (text, key, fields, remarks) in [
        (
            "k, title = {A {B} \\}, year=2001",
            "k",
            vec![("title", "A {B} \\"), ("year", "2001")],
            0,
        ),
        (
            " a b(c):d , Title=\"A\" # jan # {B} ,",
            "a b(c):d",
            vec![("title", "A#<jan>#B")],
            0,
        ),
        ("\n title = {A},\n", "", vec![("title", "A")], 0),
        (", title = {A}", "", vec![("title", "A")], 0),
        (
            "year = 2001, x = {}",
            "",
            vec![("year", "2001"), ("x", "")],
            0,
        ),
        ("10.1000/a=b, x = {A}", "10.1000/a=b", vec![("x", "A")], 0),
        ("k\n title = {A}", "k", vec![("title", "A")], 0),
        ("k title = {A}", "k", vec![("title", "A")], 0),
        ("funding text 1 = {A}", "", vec![("funding text 1", "A")], 0),
        (
            "k, a.b:c 1 = {A} d-e = {B}",
            "k",
            vec![("a.b:c 1", "A"), ("d-e", "B")],
            0,
        ),
        (
            "k, a = \"x\" b = \"y\"\nc = z d=1",
            "k",
            vec![("a", "x"), ("b", "y"), ("c", "<z>"), ("d", "1")],
            0,
        ),
        (
            "k, year = in press, month = 1 # jan",
            "k",
            vec![("year", "in press"), ("month", "1#<jan>")],
            0,
        ),
        (
            "k, a = \"the \"big\" one\", b = \"{\"}\"",
            "k",
            vec![("a", "the \"big\" one"), ("b", "{\"}")],
            0,
        ),
        (
            "k, % note\n a = {1}, %b = {2},\n c = {3}",
            "k",
            vec![("a", "1"), ("c", "3")],
            0,
        ),
        (
            "k, title {A}, a = {1} junk, } b = {2}",
            "k",
            vec![("title", "A"), ("a", "1"), ("b", "2")],
            3,
        ),
        ("k", "k", vec![], 0),
        ("", "", vec![], 0),
    ] {
        let fields: Vec<(String, String)> = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(parsed(text), (key.to_owned(), fields, remarks), "{text}");
    }
}

#[test]
fn a_line_that_begins_a_field_ends_a_value_of_an_unclosed_entry() {
    let entry = parse("k, title = {Two,\n  year = {2002},\n}\n", true).unwrap();
    assert_eq!(
        entry.fields[0],
        ("title".to_owned(), vec![Part::Text("Two")])
    );
    assert_eq!(
        entry.fields[1],
        ("year".to_owned(), vec![Part::Text("2002")])
    );
    assert!(!entry.ends_in_value);
    assert!(parse("k, title = {Two, year", true).unwrap().ends_in_value);
}

#[test]
fn accepts_any_text() {
    for text in [
        "=",
        "#",
        "k, =",
        "k, a = # #",
        "{",
        "}",
        "\"",
        "k, \"",
        "é=é",
        "k,a=\"\"\"",
        "%",
    ] {
        for is_unclosed in [false, true] {
            drop(parse(text, is_unclosed));
            drop(parse_definitions(text, is_unclosed));
        }
    }
}
