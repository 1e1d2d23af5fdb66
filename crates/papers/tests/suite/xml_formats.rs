//! PubMed, EndNote, DBLP and OAI-PMH: formats of XML.

use std::collections::BTreeMap;

use cognate_papers::{Format, Name, Paper, PaperKind, PaperReader};

/// The format, the papers, the remarks and the fields that are not read of a file.
type Found = (
    Format,
    Vec<Result<Paper, String>>,
    Vec<String>,
    BTreeMap<String, u64>,
);

fn read(xml: &str) -> Found {
    let mut reader = PaperReader::new(xml.as_bytes(), "f").unwrap();
    let format = reader.format();
    let mut papers = Vec::new();
    for paper in reader.by_ref() {
        papers.push(paper.map_err(|error| error.to_string()));
    }
    let remarks = reader
        .take_remarks()
        .into_iter()
        .map(|remark| remark.text)
        .collect();
    (format, papers, remarks, reader.ignored_fields())
}

fn full_names(names: &[Name]) -> Vec<&str> {
    names.iter().map(Name::full).collect()
}

fn article(citation: &str, article: &str, data: &str) -> Paper {
    let xml = format!(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>{article}</Article>{citation}\
         </MedlineCitation><PubmedData>{data}</PubmedData></PubmedArticle></PubmedArticleSet>"
    );
    read(&xml).1.remove(0).unwrap()
}

#[test]
fn an_article_of_pubmed_has_all_data_of_a_reference_list() {
    let paper = article(
        "<KeywordList><Keyword>Moss</Keyword><Keyword>shade</Keyword></KeywordList>\
         <MeshHeadingList><MeshHeading><DescriptorName>Moss</DescriptorName></MeshHeading></MeshHeadingList>",
        "<Journal><ISSN>1234-5678</ISSN><JournalIssue><Volume>3</Volume><Issue>2</Issue><PubDate><Year>2017</Year>\
         <Month>Jun</Month></PubDate></JournalIssue><Title>Journal of Moss</Title></Journal>\
         <ArticleTitle>Moss</ArticleTitle><Pagination><StartPage>123</StartPage><EndPage>129</EndPage>\
         <MedlinePgn>123-9</MedlinePgn></Pagination>\
         <ELocationID EIdType='doi' ValidYN='N'>10.1000/wrong</ELocationID>\
         <ELocationID EIdType='doi' ValidYN='Y'>10.1000/right</ELocationID>\
         <AuthorList><Author ValidYN='N'><LastName>Aldr</LastName><ForeName>Ann</ForeName></Author>\
         <Author ValidYN='Y'><LastName>Alder</LastName><ForeName>Ann</ForeName></Author></AuthorList>\
         <Language>eng</Language><PublicationTypeList><PublicationType>Journal Article</PublicationType>\
         <PublicationType>Retracted Publication</PublicationType></PublicationTypeList>\
         <ArticleDate><Year>2017</Year><Month>05</Month><Day>02</Day></ArticleDate>",
        "<ArticleIdList><ArticleId IdType='pmc'>PMC77</ArticleId></ArticleIdList>",
    );
    let mut expected = Paper::new("1")
        .title("Moss")
        .authors(["Ann Alder"])
        .year(2017)
        .venue("Journal of Moss")
        .url("https://pubmed.ncbi.nlm.nih.gov/1/")
        .categories(["Moss", "shade"])
        .doi("10.1000/right")
        .kind(PaperKind::Article);
    let details = &mut expected.details;
    details.genre = Some("Retracted Publication".to_owned());
    details.published = "2017-05-02".parse().ok();
    details.volume = Some("3".to_owned());
    details.number = Some("2".to_owned());
    details.pages = Some("123-129".to_owned());
    details.issn = Some("1234-5678".to_owned());
    details.pmid = Some("1".to_owned());
    details.pmcid = Some("PMC77".to_owned());
    details.language = Some("eng".to_owned());
    assert_eq!(paper, expected);
}

#[test]
fn another_abstract_of_pubmed_stands_for_a_missing_one_only() {
    let other = "<OtherAbstract Language='fre'><AbstractText>Eau.</AbstractText></OtherAbstract>\
                 <OtherAbstract Language='eng'><AbstractText>Water.</AbstractText></OtherAbstract>";
    let title =
        "<ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>L'eau.</VernacularTitle>";
    let paper = article(other, title, "");
    assert_eq!((&*paper.title, &*paper.abstract_text), ("L'eau.", "Water."));
    let own = "<ArticleTitle>[Water].</ArticleTitle><Abstract><AbstractText Label='AIM'>Wet.</AbstractText></Abstract>\
               <VernacularTitle>L'eau.</VernacularTitle>";
    let paper = article(other, own, "");
    assert_eq!(
        (&*paper.title, &*paper.abstract_text),
        ("[Water].", "AIM: Wet.")
    );
}

#[test]
fn dates_of_pubmed_in_all_their_forms() {
    for (date, year, published) in [
        ("<Year>2017</Year>", Some(2017), None),
        (
            "<Year>2017</Year><Month>06</Month><Day>12</Day>",
            Some(2017),
            Some("2017-06-12"),
        ),
        (
            "<Year>2017</Year><Month>Jun</Month>",
            Some(2017),
            Some("2017-06"),
        ),
        ("<Year>2017</Year><Season>Spring</Season>", Some(2017), None),
        (
            "<MedlineDate>1998 Dec-1999 Jan</MedlineDate>",
            Some(1998),
            Some("1998-12"),
        ),
        ("<MedlineDate>2000 Spring</MedlineDate>", Some(2000), None),
        ("<MedlineDate>1976-1977</MedlineDate>", Some(1976), None),
    ] {
        let journal = format!(
            "<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal><ArticleTitle>A</ArticleTitle>"
        );
        let paper = article("", &journal, "");
        let published = published.map(|date| date.parse().unwrap());
        assert_eq!(
            (paper.year, paper.details.published),
            (year, published),
            "{date}"
        );
    }
}

#[test]
fn sets_of_pubmed_have_citations_books_and_deletions() {
    let xml = "<MedlineCitationSet><MedlineCitation><PMID>5</PMID><Article><ArticleTitle>Old</ArticleTitle></Article>\
               <ChemicalList><Chemical>Water</Chemical></ChemicalList></MedlineCitation>\
               <DeleteCitation><PMID>6</PMID><PMID>7</PMID></DeleteCitation></MedlineCitationSet>";
    let (format, papers, remarks, ignored) = read(xml);
    assert_eq!(
        (format, papers.len(), &*papers[0].as_ref().unwrap().id),
        (Format::PubmedXml, 1, "5")
    );
    assert_eq!(
        remarks,
        ["`DeleteCitation` names 2 papers that PubMed deleted; they were passed over"]
    );
    assert_eq!(ignored, BTreeMap::from([("ChemicalList".to_owned(), 1)]));
    let xml = "<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID>8</PMID>\
               <ArticleIdList><ArticleId IdType='bookaccession'>NBK1</ArticleId></ArticleIdList>\
               <Book><Publisher><PublisherName>Hive Press</PublisherName><PublisherLocation>Oldtown</PublisherLocation>\
               </Publisher><BookTitle>Hives</BookTitle><PubDate><Year>1993</Year></PubDate>\
               <AuthorList Type='editors'><Author><LastName>Birch</LastName><ForeName>Bo</ForeName></Author></AuthorList>\
               <Isbn>9783161484100</Isbn><Edition>2</Edition></Book><ArticleTitle>Wax</ArticleTitle>\
               <AuthorList Type='authors'><Author><LastName>Alder</LastName><ForeName>Ann</ForeName></Author></AuthorList>\
               <Language>eng</Language></BookDocument></PubmedBookArticle></PubmedArticleSet>";
    let paper = read(xml).1.remove(0).unwrap();
    assert_eq!(
        (paper.details.kind, paper.venue.as_deref()),
        (Some(PaperKind::Chapter), Some("Hives"))
    );
    assert_eq!(
        (
            full_names(&paper.authors),
            full_names(&paper.details.editors)
        ),
        (vec!["Ann Alder"], vec!["Bo Birch"])
    );
    let details = &paper.details;
    let found = [
        &details.publisher,
        &details.place,
        &details.edition,
        &details.isbn,
        &details.language,
    ];
    let found = found.map(|text| text.as_deref().unwrap_or_default());
    assert_eq!(
        found,
        ["Hive Press", "Oldtown", "2", "9783161484100", "eng"]
    );
}

#[test]
fn the_xml_of_endnote() {
    let style = |text: &str| {
        format!("<style face=\"normal\" font=\"default\" size=\"100%\">{text}</style>")
    };
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?><xml><records><record>\
         <database name=\"My.enl\">My.enl</database><rec-number>1</rec-number>\
         <ref-type name=\"Journal Article\">17</ref-type><contributors><authors><author>{}</author>\
         <author>Birch, Bo</author></authors></contributors><titles><title>{}</title>\
         <secondary-title>{}</secondary-title></titles><periodical><full-title>Journal of Moss</full-title></periodical>\
         <pages>12-34</pages><volume>3</volume><number>2</number><keywords><keyword>moss</keyword>\
         <keyword>shade</keyword></keywords><dates><year>{}</year><pub-dates><date>Jun 12</date></pub-dates></dates>\
         <isbn>1234-5678</isbn><accession-num>456</accession-num><abstract>We look.</abstract><urls><related-urls>\
         <url>https://example.org/moss</url></related-urls></urls>\
         <electronic-resource-num>10.1000/moss</electronic-resource-num><custom2>PMC77</custom2>\
         <remote-database-provider>NLM</remote-database-provider><language>eng</language>\
         <research-notes>mine</research-notes></record>\
         <record><ref-type name=\"Edited Book\">28</ref-type><contributors><authors><author>Roe, R</author></authors>\
         </contributors><titles><title>Woods</title><secondary-title>Series</secondary-title></titles>\
         <publisher>Press</publisher></record></records></xml>",
        style("Alder, Ann"),
        style("Moss in ") + "<style face=\"italic\">shade</style>",
        style("Journal of Moss"),
        style("2017"),
    );
    let (format, papers, remarks, ignored) = read(&xml);
    assert_eq!((format, papers.len()), (Format::EndNoteXml, 2));
    let mut moss = Paper::new("10.1000/moss")
        .title("Moss in shade")
        .abstract_text("We look.")
        .authors(["Ann Alder", "Bo Birch"])
        .year(2017)
        .venue("Journal of Moss")
        .url("https://example.org/moss")
        .categories(["moss", "shade"])
        .doi("10.1000/moss")
        .kind(PaperKind::Article);
    let details = &mut moss.details;
    details.published = "2017-06-12".parse().ok();
    details.volume = Some("3".to_owned());
    details.number = Some("2".to_owned());
    details.pages = Some("12-34".to_owned());
    details.issn = Some("1234-5678".to_owned());
    details.pmid = Some("456".to_owned());
    details.pmcid = Some("PMC77".to_owned());
    details.language = Some("eng".to_owned());
    assert_eq!(papers[0], Ok(moss));
    let woods = papers[1].as_ref().unwrap();
    assert_eq!(
        (woods.details.kind, woods.details.series.as_deref()),
        (Some(PaperKind::Book), Some("Series"))
    );
    assert_eq!(
        (full_names(&woods.authors), woods.venue.as_deref()),
        (vec!["R Roe"], Some("Press"))
    );
    assert_eq!(woods.authors, woods.details.editors);
    assert_eq!(ignored, BTreeMap::from([("research-notes".to_owned(), 1)]));
    assert!(remarks.is_empty());
}

#[test]
fn the_xml_of_dblp() {
    let xml = "<?xml version=\"1.0\" encoding=\"US-ASCII\"?>\n<!DOCTYPE dblp SYSTEM \"dblp.dtd\">\n<dblp>\n\
               <article mdate=\"2020-01-01\" key=\"journals/moss/Alder17\"><author>Ann Alder 0002</author>\
               <author orcid=\"0000\">J&uuml;rg M&ouml;&szlig;</author><title>Moss in H<sub>2</sub>O.</title>\
               <pages>12-34</pages><year>2017</year><month>June</month><volume>3</volume><journal>J. Moss</journal>\
               <number>2</number><ee>https://doi.org/10.1000/moss</ee><url>db/journals/moss/moss3.html</url>\
               <cite>...</cite><cite>conf/wood/Doe10</cite><note>x</note></article>\n\
               <article publtype=\"informal\" key=\"journals/corr/abs-1706-03762\"><author>Bo Birch</author>\
               <title>Sorting?</title><year>2017</year><volume>abs/1706.03762</volume><journal>CoRR</journal></article>\n\
               <www key=\"homepages/a/AnnAlder\"><author>Ann Alder</author><title>Home Page</title></www>\n\
               <inproceedings key=\"conf/wood/Doe10\"><author>Di Doe</author><title>Roots.</title><year>2010</year>\
               <booktitle>WOOD</booktitle><crossref>conf/wood/2010</crossref></inproceedings>\n\
               <proceedings key=\"conf/wood/2010\"><editor>R. Roe</editor><title>Wood 2010.</title><year>2010</year>\
               <booktitle>WOOD</booktitle><publisher>Press</publisher><series>LNW</series><isbn>978-3-16-148410-0</isbn>\
               </proceedings>\n<phdthesis key=\"phd/Coe\"><author>Cy Coe</author><title>Bark.</title><year>1999</year>\
               <school>University of Moss</school></phdthesis>\n</dblp>\n";
    let (format, papers, _, ignored) = read(xml);
    assert_eq!((format, papers.len()), (Format::DblpXml, 5));
    let papers: Vec<Paper> = papers.into_iter().map(Result::unwrap).collect();
    let mut moss = Paper::new("DBLP:journals/moss/Alder17")
        .title("Moss in H2O")
        .authors(["Ann Alder", "Jürg Möß"])
        .year(2017)
        .venue("J. Moss")
        .url("https://doi.org/10.1000/moss")
        .doi("10.1000/moss")
        .references(["DBLP:conf/wood/Doe10"])
        .kind(PaperKind::Article);
    let details = &mut moss.details;
    details.published = "2017-06".parse().ok();
    details.volume = Some("3".to_owned());
    details.number = Some("2".to_owned());
    details.pages = Some("12-34".to_owned());
    assert_eq!(papers[0], moss);
    assert_eq!(
        (papers[1].arxiv.as_deref(), papers[1].details.kind),
        (Some("1706.03762"), Some(PaperKind::Preprint))
    );
    assert_eq!(
        (&*papers[1].title, papers[1].details.volume.as_deref()),
        ("Sorting?", None)
    );
    assert_eq!(
        (papers[2].venue.as_deref(), papers[2].details.kind),
        (Some("WOOD"), Some(PaperKind::ConferencePaper))
    );
    let proceedings = &papers[3];
    assert_eq!(
        (full_names(&proceedings.authors), proceedings.details.kind),
        (vec!["R. Roe"], Some(PaperKind::Proceedings))
    );
    assert_eq!(
        (
            proceedings.details.isbn.as_deref(),
            proceedings.details.series.as_deref()
        ),
        (Some("978-3-16-148410-0"), Some("LNW"))
    );
    assert_eq!(
        (
            papers[4].details.genre.as_deref(),
            papers[4].venue.as_deref()
        ),
        (Some("PhD thesis"), Some("University of Moss"))
    );
    assert_eq!(ignored, BTreeMap::from([("note".to_owned(), 1)]));
}

fn oai(records: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\">\n\
         <responseDate>2020-01-01T00:00:00Z</responseDate><request verb=\"ListRecords\">https://example.org</request>\n\
         <ListRecords>{records}<resumptionToken>x</resumptionToken></ListRecords></OAI-PMH>"
    )
}

#[test]
fn oai_pmh_with_the_metadata_of_arxiv() {
    let header = "<header><identifier>oai:arXiv.org:2101.00001</identifier><datestamp>2021-02-01</datestamp></header>";
    let xml = oai(&format!(
        "<record><header status=\"deleted\"><identifier>oai:arXiv.org:1</identifier></header></record>\
         <record>{header}<metadata><arXiv xmlns=\"http://arxiv.org/OAI/arXiv/\"><id>2101.00001</id>\
         <created>2021-01-02</created><updated>2021-03-04</updated><authors><author><keyname>van der Berken</keyname>\
         <forenames>Jan</forenames><affiliation>Moss</affiliation></author><author><keyname>Moss Group</keyname></author>\
         </authors><title>Sorting $\\alpha$ moss</title><categories>cs.DS math.CO</categories><comments>3 pages</comments>\
         <license>x</license><doi>10.1000/moss</doi><abstract>  We look.\n</abstract></arXiv></metadata></record>\
         <record>{header}<metadata><arXivRaw><id>math/0309136</id><version version=\"v1\">\
         <date>Mon, 1 Sep 2003 00:00:00 GMT</date></version><version version=\"v2\"><date>Tue, 2 Mar 2004 00:00:00 GMT</date>\
         </version><title>Knots</title><authors>Ann Alder (Moss, Inc.), Bo Birch and Cy Coe</authors>\
         <categories>math.GT</categories><journal-ref>J. Knots 1 (2004)</journal-ref><abstract>K.</abstract></arXivRaw>\
         </metadata></record>"
    ));
    let (format, papers, _, ignored) = read(&xml);
    assert_eq!((format, papers.len()), (Format::OaiPmh, 2));
    let mut moss = Paper::new("2101.00001")
        .title("Sorting α moss")
        .abstract_text("We look.")
        .authors([
            Name::person("Jan", "van der Berken"),
            Name::organization("Moss Group"),
        ])
        .year(2021)
        .venue("arXiv")
        .url("https://arxiv.org/abs/2101.00001")
        .categories(["cs.DS", "math.CO"])
        .doi("10.1000/moss")
        .arxiv("2101.00001")
        .kind(PaperKind::Preprint);
    moss.details.published = "2021-01-02".parse().ok();
    moss.details.updated = "2021-03-04".parse().ok();
    assert_eq!(papers[0], Ok(moss));
    let knots = papers[1].as_ref().unwrap();
    assert_eq!(
        full_names(&knots.authors),
        ["Ann Alder", "Bo Birch", "Cy Coe"]
    );
    assert_eq!(
        (knots.year, knots.details.updated),
        (Some(2003), "2004-03-02".parse().ok())
    );
    assert_eq!(
        (knots.venue.as_deref(), knots.details.kind),
        (Some("J. Knots 1 (2004)"), Some(PaperKind::Article))
    );
    assert_eq!(ignored, BTreeMap::from([("comments".to_owned(), 1)]));
}

#[test]
fn oai_pmh_with_dublin_core() {
    let record = |identifier: &str, fields: &str| {
        format!(
            "<record><header><identifier>{identifier}</identifier></header><metadata>\
             <oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\">{fields}</oai_dc:dc></metadata></record>"
        )
    };
    let arxiv = record(
        "oai:arXiv.org:2101.00001",
        "<dc:title>Moss</dc:title><dc:creator>Alder, Ann</dc:creator><dc:creator>Birch, Bo</dc:creator>\
         <dc:subject>Computer Science - Moss</dc:subject><dc:description>  We look.</dc:description>\
         <dc:description>Comment: 3 pages</dc:description><dc:date>2021-01-02</dc:date><dc:date>2021-03-04</dc:date>\
         <dc:type>text</dc:type><dc:identifier>http://arxiv.org/abs/2101.00001</dc:identifier>\
         <dc:identifier>doi:10.1000/moss</dc:identifier>",
    );
    let thesis = record(
        "oai:example.org:7",
        "<dc:title>Bark</dc:title><dc:creator>Coe, Cy</dc:creator><dc:publisher>University of Moss</dc:publisher>\
         <dc:date>1999</dc:date><dc:type>info:eu-repo/semantics/doctoralThesis</dc:type><dc:language>eng</dc:language>\
         <dc:identifier>https://example.org/7</dc:identifier><dc:coverage>Woods</dc:coverage>",
    );
    let (_, papers, _, ignored) = read(&oai(&(arxiv + &thesis)));
    let mut moss = Paper::new("2101.00001")
        .title("Moss")
        .abstract_text("We look.")
        .authors(["Ann Alder", "Bo Birch"])
        .year(2021)
        .venue("arXiv")
        .url("http://arxiv.org/abs/2101.00001")
        .categories(["Computer Science - Moss"])
        .doi("10.1000/moss")
        .arxiv("2101.00001")
        .kind(PaperKind::Preprint);
    moss.details.published = "2021-01-02".parse().ok();
    moss.details.updated = "2021-03-04".parse().ok();
    assert_eq!(papers[0], Ok(moss));
    let mut bark = Paper::new("oai:example.org:7")
        .title("Bark")
        .authors(["Cy Coe"])
        .year(1999)
        .venue("University of Moss")
        .url("https://example.org/7")
        .kind(PaperKind::Thesis);
    bark.details.publisher = Some("University of Moss".to_owned());
    bark.details.language = Some("eng".to_owned());
    assert_eq!(papers[1], Ok(bark));
    assert_eq!(
        ignored,
        BTreeMap::from([("coverage".to_owned(), 1), ("description".to_owned(), 1)])
    );
}

#[test]
fn an_error_of_a_repository_is_named() {
    let error = "<OAI-PMH><error code=\"badArgument\">No such set</error></OAI-PMH>";
    let message =
        "f:1: the repository answers with the error `badArgument`: No such set; expected records";
    assert_eq!(read(error).1, [Err(message.to_owned())]);
    assert_eq!(
        read("<OAI-PMH><error code=\"noRecordsMatch\"/></OAI-PMH>").1,
        []
    );
    let other = oai("<record><header/><metadata><marc/></metadata></record>");
    let message = read(&other).1.remove(0).unwrap_err();
    assert!(
        message.contains("the metadata is in the format `marc`, expected `arXiv`"),
        "{message}"
    );
}
