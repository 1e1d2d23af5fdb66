use std::fs::{self, File};
use std::io::Write;

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{Draft, DraftFormat};

const START: &str =
    r#"<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://w"><w:body>"#;
const END: &str = "</w:body></w:document>";

fn paragraph(style: &str, runs: &str) -> String {
    format!(r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>"#)
}

fn run(text: &str) -> String {
    format!(r#"<w:r><w:t xml:space="preserve">{text}</w:t></w:r>"#)
}

/// Returns a field whose instruction is in two runs, as Word splits them.
fn field(instruction: &str, result: &str) -> String {
    let middle = instruction.len() / 2;
    let (first, second) = instruction.split_at(middle);
    let mark = |kind: &str| format!(r#"<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>"#);
    let part = |text: &str| format!("<w:r><w:instrText>{}</w:instrText></w:r>", escaped(text));
    [
        mark("begin"),
        part(first),
        part(second),
        mark("separate"),
        run(result),
        mark("end"),
    ]
    .concat()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn parse(body: &str) -> Draft {
    Draft::parse(&format!("{START}{body}{END}"), DraftFormat::Docx)
}

fn labels(draft: &Draft) -> Vec<&str> {
    draft
        .citations()
        .iter()
        .map(crate::Citation::label)
        .collect()
}

fn write(parts: &[(&str, &str)]) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("draft.docx");
    let mut archive = ZipWriter::new(File::create(&path).unwrap());
    for (name, text) in parts {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    (dir, path)
}

#[test]
fn separates_prose_from_citations() {
    let zotero = r#" ADDIN ZOTERO_ITEM CSL_CITATION {"citationID":"x","properties":{"plainCitation":"(Oak)"},"citationItems":[{"id":7,"uris":["http://zotero.org/users/1/items/ABCD2345"],"itemData":{"id":7,"type":"article-journal","title":"Moss of the <i>north</i>","DOI":"10.1000/MOSS"}},{"id":8,"itemData":{"title":"Fern of the south"}}],"schema":"x"} "#;
    let mendeley = r#"ADDIN CSL_CITATION {"citationItems":[{"id":"ITEM-1","itemData":{"id":"ITEM-1","title":"Lichen &amp; rock","URL":"https://arxiv.org/abs/2001.00001"}}]}"#;
    let endnote = "ADDIN EN.CITE <EndNote><Cite><Author>Elm</Author><Year>2011</Year><record><titles>\
                   <title><style face=\"normal\">Bark beetles of the east</style></title></titles>\
                   <electronic-resource-num>10.1000/bark</electronic-resource-num></record></Cite></EndNote>";
    let body = [
        paragraph("Title", &run("On moss")),
        paragraph("Heading1", &run("Abstract")),
        paragraph("", &run("Moss grows on stones.")),
        paragraph("Heading1", &run("Introduction")),
        paragraph(
            "",
            &[
                run("Moss is old "),
                field(zotero, "(Oak, 2019)"),
                run(", and lichen "),
                field(mendeley, "[2]"),
                run(" too."),
            ]
            .concat(),
        ),
        paragraph(
            "",
            &[
                run("Beetles eat bark "),
                field(endnote, "(Elm, 2011)"),
                run("."),
                "<w:del><w:r><w:delText>Not this.</w:delText></w:r></w:del>".to_owned(),
            ]
            .concat(),
        ),
        paragraph(
            "",
            &[
                run("Word cites "),
                field(" CITATION Ash20 \\l 1033 \\m Yew21", "(Ash, 2020)"),
                run(" alone."),
            ]
            .concat(),
        ),
        paragraph(
            "",
            &field(
                " ADDIN ZOTERO_BIBL {} CSL_BIBLIOGRAPHY",
                "Oak. Moss of the north. 2019.",
            ),
        ),
        format!(
            "<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>",
            paragraph("", &run("A cell is no prose, doi:10.1000/cell."))
        ),
        paragraph(
            "",
            &[
                run("See "),
                field("HYPERLINK \"https://doi.org/10.1000/link\"", "the page"),
                run("."),
            ]
            .concat(),
        ),
    ];
    let draft = parse(&body.concat());
    assert_eq!(draft.title(), Some("On moss"));
    assert_eq!(draft.abstract_text(), Some("Moss grows on stones."));
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        [
            "Moss is old, and lichen too.",
            "Beetles eat bark.",
            "Word cites alone.",
            "See the page.",
        ]
    );
    assert_eq!(
        labels(&draft),
        [
            "10.1000/moss",
            "Fern of the south",
            "2001.00001",
            "10.1000/bark",
            "Ash20",
            "Yew21",
            "10.1000/cell",
            "10.1000/link",
        ]
    );
    assert_eq!(
        draft.citations()[0].text.as_deref(),
        Some("Moss of the north")
    );
    assert_eq!(draft.citations()[2].text.as_deref(), Some("Lichen & rock"));
}

#[test]
fn data_beside_a_field_and_in_a_content_control_are_read() {
    use base64::Engine;
    let pack = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let data = pack(
        "<EndNote><Cite><record><titles><title>Packed moss</title></titles></record></Cite></EndNote>\0",
    );
    let endnote = format!(
        r#"<w:r><w:fldChar w:fldCharType="begin"><w:fldData xml:space="preserve">{data}</w:fldData></w:fldChar></w:r><w:r><w:instrText> ADDIN EN.CITE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="begin"><w:fldData>{data}</w:fldData></w:fldChar></w:r><w:r><w:instrText> ADDIN EN.CITE.DATA </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>{}<w:r><w:fldChar w:fldCharType="end"/></w:r>"#,
        run("(1)")
    );
    let tag = pack(
        r#"{"citationItems":[{"itemData":{"title":"Controlled fern","DOI":"10.1000/fern"}}]}"#,
    );
    let control = format!(
        r#"<w:sdt><w:sdtPr><w:tag w:val="MENDELEY_CITATION_v3_{tag}"/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"#,
        run("(Fern, 2020)")
    );
    let simple = r#"<w:fldSimple w:instr=" CITATION Ash20 \l 1033 "><w:r><w:t>(Ash)</w:t></w:r></w:fldSimple>"#;
    let body = paragraph(
        "",
        &[
            run("Moss is old "),
            endnote,
            run(" and "),
            control,
            run(" and "),
            simple.to_owned(),
            run(" green."),
        ]
        .concat(),
    );
    let draft = parse(&body);
    assert_eq!(labels(&draft), ["Packed moss", "10.1000/fern", "Ash20"]);
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        ["Moss is old and and green."]
    );
}

#[test]
fn reads_the_parts_of_an_archive() {
    let relations = r#"<Relationships><Relationship Id="rId1" Type="http://x/officeDocument" Target="word/document2.xml"/></Relationships>"#;
    let links = r#"<Relationships><Relationship Id="rId9" Type="http://x/hyperlink" Target="https://doi.org/10.1000/linked" TargetMode="External"/></Relationships>"#;
    let styles = r#"<w:styles><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>"#;
    let document = format!(
        "{START}{}{}{}{}{END}",
        paragraph("berschrift1", &run("A heading is no prose")),
        paragraph(
            "",
            &[
                run("Moss is seen "),
                field("CITATION Ash20", "(x)"),
                format!(r#"<w:hyperlink r:id="rId9">{}</w:hyperlink>"#, run("here")),
                run(".")
            ]
            .concat()
        ),
        paragraph("berschrift1", &run("References")),
        paragraph("", &run("E. Elm. Bark of the east. 2011.")),
    );
    let notes = format!(
        r#"<w:footnotes><w:footnote w:id="2">{}</w:footnote></w:footnotes>"#,
        paragraph(
            "",
            &[
                run("A note cites "),
                field("CITATION Yew21", "(y)"),
                run(" also.")
            ]
            .concat()
        )
    );
    let sources = r#"<b:Sources xmlns:b="http://schemas.openxmlformats.org/officeDocument/2006/bibliography"><b:Source><b:Tag>Ash20</b:Tag><b:Title>Ash trees</b:Title><b:DOI>10.1000/ash</b:DOI></b:Source><b:Source><b:Tag>Not20</b:Tag><b:Title>Not cited</b:Title></b:Source></b:Sources>"#;
    let (_dir, path) = write(&[
        ("_rels/.rels", relations),
        ("word/_rels/document2.xml.rels", links),
        ("word/document2.xml", &document),
        ("word/styles.xml", styles),
        ("word/footnotes.xml", &notes),
        ("customXml/item1.xml", sources),
    ]);
    let draft = Draft::read(&path).unwrap();
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        ["Moss is seen here.", "A note cites also."]
    );
    assert_eq!(
        labels(&draft),
        [
            "Ash20",
            "10.1000/linked",
            "E. Elm. Bark of the east. 2011.",
            "Yew21"
        ]
    );
    assert_eq!(draft.citations()[0].doi.as_deref(), Some("10.1000/ash"));
    assert_eq!(draft.citations()[0].text.as_deref(), Some("Ash trees"));
}

#[test]
fn a_file_that_is_no_document_or_too_long_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.docx");
    fs::write(&path, b"\xd0\xcf\x11\xe0 not a zip").unwrap();
    let error = Draft::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("old.docx: not a ZIP archive")
            && error.ends_with("expected a document of Word without a password"),
        "{error}"
    );
    let (_dir, path) = write(&[("other.xml", "<x/>")]);
    let error = Draft::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("found no part `word/document.xml`"),
        "{error}"
    );
    let (_dir, path) = write(&[("word/document.xml", &" ".repeat((64 << 20) + 1))]);
    assert!(fs::metadata(&path).unwrap().len() < 1 << 20);
    let error = Draft::read(&path).unwrap_err().to_string();
    assert!(
        error.ends_with("longer than 64 MiB, the most for a draft"),
        "{error}"
    );
}
