//! What the programs that manage references write, and what they read back.

use cognate_papers::{
    Details, Draft, DraftFormat, ExportFormat, Name, Paper, PaperKind, PaperReader, PaperWriter,
};

fn read(text: &str) -> Vec<Paper> {
    let reader = PaperReader::new(text.as_bytes(), "f").unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

fn read_as(text: &str, name: &str) -> Vec<Paper> {
    let reader = PaperReader::new(text.as_bytes(), name).unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

fn exported(paper: &Paper, format: ExportFormat) -> Paper {
    let mut writer = PaperWriter::new(Vec::new(), format);
    writer.write(paper).unwrap();
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    read(&text).remove(0)
}

/// Returns the full names of the authors.
fn authors(paper: &Paper) -> Vec<&str> {
    paper.authors.iter().map(Name::full).collect()
}

#[test]
fn csl_json_keeps_what_csl_has_no_variable_for() {
    let mut details = Details::default();
    details.kind = Some(PaperKind::Proceedings);
    details.updated = "2021-03".parse().ok();
    details.published = "2019-12-30".parse().ok();
    details.editors = vec![Name::new("Ann Alder")];
    let paper = Paper::new("p")
        .title("Moss Days")
        .authors(["Ann Alder"])
        .year(2020)
        .categories(["moss, wet", "stones"])
        .references(["10.1000/a", "b"])
        .details(details);
    assert_eq!(exported(&paper, ExportFormat::CslJson), paper);
    let mut preprint = Paper::new("q").title("Moss").arxiv("2001.00001");
    preprint.details.kind = Some(PaperKind::Preprint);
    let again = exported(&preprint, ExportFormat::CslJson);
    assert_eq!(again.details.kind, Some(PaperKind::Preprint));
}

#[test]
fn an_article_of_csl_in_a_container_is_no_preprint() {
    let item = |more: &str| {
        let text = format!(r#"[{{"id": "a", "type": "article", "title": "T"{more}}}]"#);
        read(&text).remove(0).details.kind
    };
    assert_eq!(item(""), Some(PaperKind::Preprint));
    let journal = r#", "container-title": "Letters""#;
    assert_eq!(item(journal), Some(PaperKind::Article));
}

#[test]
fn bibtex_and_ris_keep_years_before_christ() {
    let paper = Paper::new("p")
        .title("Dialogues")
        .year(-380)
        .kind(PaperKind::Book);
    for format in [ExportFormat::Bibtex, ExportFormat::Ris] {
        assert_eq!(exported(&paper, format).year, Some(-380), "{format}");
    }
}

#[test]
fn bibtex_keeps_the_genres_that_name_a_type() {
    for (kind, genre) in [
        (PaperKind::Report, "Manual"),
        (PaperKind::Book, "Booklet"),
        (PaperKind::Preprint, "Manuscript"),
    ] {
        let mut paper = Paper::new("p").title("T").kind(kind);
        paper.details.genre = Some(genre.to_owned());
        let again = exported(&paper, ExportFormat::Bibtex);
        assert_eq!(again.details.genre.as_deref(), Some(genre));
        assert_eq!(again.details.kind, Some(kind), "{genre}");
    }
}

#[test]
fn the_editors_of_a_book_are_not_the_authors_of_its_chapters() {
    let chapter =
        read("TY  - CHAP\nTI  - Moss\nT2  - Plants\nED  - Alder, Ann\nER  - \n").remove(0);
    assert!(chapter.authors.is_empty());
    assert_eq!(chapter.details.editors, ["Ann Alder"]);
    let whole = read("TY  - CONF\nTI  - Moss Days\nED  - Alder, Ann\nER  - \n").remove(0);
    assert_eq!(authors(&whole), ["Ann Alder"]);
}

#[test]
fn ris_of_medical_databases_has_initials_behind_family_names() {
    let text = "TY  - JOUR\nTI  - Moss\nAU  - Alder JA\nAU  - van der Birch B\nAU  - Moss Study Group\n\
                Y1  - 12-14 June 2018\nLA  - English;\nER  - \n";
    let paper = read(text).remove(0);
    assert_eq!(
        authors(&paper),
        ["JA Alder", "B van der Birch", "Moss Study Group"]
    );
    assert_eq!(paper.details.published, "2018-06-12".parse().ok());
    assert_eq!(paper.details.language.as_deref(), Some("English"));
}

#[test]
fn a_record_of_ris_of_an_unknown_type_is_read() {
    let papers = read(
        "TY  - Journal Article\nTI  - Moss\nER  - \n\nTY  - Moss, dried\nTI  - Fern\nER  - \n",
    );
    let kinds: Vec<_> = papers.iter().map(|paper| paper.details.kind).collect();
    assert_eq!(kinds, [Some(PaperKind::Article), Some(PaperKind::Other)]);
}

#[test]
fn bibtex_of_catalogs_is_read_with_its_quirks() {
    let papers = read(
        "@article{a, title={One}, journal={bioRxiv}, doi={10.1101/2020.01.02.1v2}, isbn={1234-5679}}\n\
         @article{b, title={Two}, journal={Journal of Preprints}, issn={12345679}, isbn={9783161484100}}\n\
         @mvbook{w, title={Works}, author={Alder, Ann}}\n\
         @book{v, title={First part}, crossref={w}, volume={1}}\n",
    );
    let [a, b, _, v] = &papers[..] else {
        panic!("{papers:?}")
    };
    assert_eq!(a.details.kind, Some(PaperKind::Preprint));
    assert_eq!(a.doi.as_deref(), Some("10.1101/2020.01.02.1"));
    assert_eq!(a.details.issn.as_deref(), Some("1234-5679"));
    assert_eq!(a.details.isbn, None);
    assert_eq!(b.details.kind, Some(PaperKind::Article));
    assert_eq!(b.details.issn.as_deref(), Some("1234-5679"));
    assert_eq!(b.details.isbn.as_deref(), Some("9783161484100"));
    assert_eq!(authors(v), ["Ann Alder"]);
    assert_eq!(v.venue.as_deref(), Some("Works"));
}

#[test]
fn the_notices_of_pubmed_are_no_texts() {
    let text = "PMID- 1\nTI  - [Not Available].\nTT  - La mousse.\n\
                OAB - Publisher: Abstract available from the publisher.\n\n\
                PMID- 2\nTI  - Moss\nOAB - Publisher: On regarde: oui.\n";
    let papers = read_as(text, "f.nbib");
    assert_eq!(papers[0].title, "La mousse.");
    assert_eq!(papers[0].abstract_text, "");
    assert_eq!(papers[1].abstract_text, "On regarde: oui.");
    let xml = "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>\
               <ArticleTitle>Moss</ArticleTitle></Article><OtherAbstract Language=\"fre\"><AbstractText>\
               Abstract available from the publisher.</AbstractText></OtherAbstract></MedlineCitation>\
               </PubmedArticle></PubmedArticleSet>";
    assert_eq!(read(xml)[0].abstract_text, "");
}

#[test]
fn a_key_may_be_an_identifier() {
    let text = "We follow [@doi:10.1000/MOSS; @arxiv:2001.00001v2].\n";
    let draft = Draft::parse(text, DraftFormat::Markdown);
    let [a, b] = draft.citations() else {
        panic!("{:?}", draft.citations())
    };
    assert_eq!(a.doi.as_deref(), Some("10.1000/moss"));
    assert_eq!(a.key.as_deref(), Some("doi:10.1000/MOSS"));
    assert_eq!(b.arxiv.as_deref(), Some("2001.00001"));
}
