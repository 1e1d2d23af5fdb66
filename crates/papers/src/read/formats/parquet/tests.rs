//! Tests of the reader with files that the crate `parquet` writes.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    Int32Type,
};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::{Format, Paper, PaperReader};

/// Writes three rows, of which the last has no id; `name` is the name of the column with the
/// titles.
fn table(compression: Compression, name: &str) -> File {
    let schema = format!(
        "message papers {{
            optional binary id (UTF8);
            optional binary {name} (UTF8);
            optional double year;
            optional group authors (LIST) {{
                repeated group list {{ optional binary element (UTF8); }}
            }}
            required int32 rank;
        }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = WriterProperties::builder().set_compression(compression);
    let mut file = tempfile::tempfile().unwrap();
    let copy = file.try_clone().unwrap();
    let mut writer = SerializedFileWriter::new(copy, schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |texts: &[&str]| -> Vec<ByteArray> {
        texts.iter().map(|text| ByteArray::from(*text)).collect()
    };
    for (values, levels) in [
        (&["a", "b"][..], [1, 1, 0]),
        (&["One", "Two", "Three"], [1, 1, 1]),
    ] {
        let mut column = group.next_column().unwrap().unwrap();
        let strings = column.typed::<ByteArrayType>();
        strings
            .write_batch(&texts(values), Some(&levels), None)
            .unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    let years = column.typed::<DoubleType>();
    years
        .write_batch(&[2001.0], Some(&[1, 0, 0]), None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let authors = column.typed::<ByteArrayType>();
    authors
        .write_batch(
            &texts(&["X", "Y"]),
            Some(&[3, 3, 1, 0]),
            Some(&[0, 1, 0, 0]),
        )
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let ranks = column.typed::<Int32Type>();
    ranks.write_batch(&[1, 2, 3], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    file.rewind().unwrap();
    file
}

fn read(file: File) -> Vec<Result<Paper, String>> {
    let reader = PaperReader::from_file(file, "f", None).unwrap();
    assert_eq!(reader.format(), Format::Parquet);
    reader
        .map(|paper| paper.map_err(|error| error.to_string()))
        .collect()
}

#[test]
fn reads_rows_with_every_compression() {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, zstd] {
        let expected = [
            Ok(Paper::new("a").title("One").year(2001).authors(["X", "Y"])),
            Ok(Paper::new("b").title("Two")),
            // A row without an id is named by its title.
            Ok(Paper::new("three").title("Three")),
        ];
        assert_eq!(read(table(compression, "title")), expected);
        // A stream, whose end cannot be sought.
        let stream = PaperReader::new(table(compression, "title"), "f").unwrap();
        assert_eq!(stream.flatten().count(), 3);
    }
}

#[test]
fn a_table_without_titles_has_an_error_for_each_row() {
    let found = read(table(Compression::UNCOMPRESSED, "name"));
    let missing = "f: record 1: `title` and `abstract` are both missing, expected one at least";
    assert_eq!(found[0], Err(missing.to_owned()));
}

#[test]
fn a_truncated_file_is_an_error() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"PAR1 and no more").unwrap();
    file.rewind().unwrap();
    let error = PaperReader::from_file(file, "f", None).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `f`");
}

const LISTS: &str = "message papers {
    required binary id (UTF8);
    optional binary title (UTF8);
    optional binary abstract (UTF8);
    optional group authors (LIST) {
        repeated group list { optional binary element (UTF8); }
    }
}";

/// A row of a table with the schema [`LISTS`]: title, abstract and authors, which may be missing.
type ListRow<'a> = (
    Option<&'a str>,
    Option<&'a str>,
    Option<Vec<Option<&'a str>>>,
);

/// Writes a table with the schema [`LISTS`]; the ids are the numbers of the rows.
fn lists(rows: &[ListRow<'_>], properties: WriterProperties) -> File {
    let schema = Arc::new(parse_message_type(LISTS).unwrap());
    let mut file = tempfile::tempfile().unwrap();
    let copy = file.try_clone().unwrap();
    let mut writer = SerializedFileWriter::new(copy, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut write = |values: Vec<String>, levels: Option<&[i16]>, repetitions: Option<&[i16]>| {
        let values: Vec<ByteArray> = values.iter().map(|text| text.as_str().into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        let strings = column.typed::<ByteArrayType>();
        strings.write_batch(&values, levels, repetitions).unwrap();
        column.close().unwrap();
    };
    let ids = (0..rows.len()).map(|at| at.to_string());
    write(ids.collect(), None, None);
    for texts in [
        rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        rows.iter().map(|row| row.1).collect(),
    ] {
        let levels: Vec<i16> = texts.iter().map(|text| i16::from(text.is_some())).collect();
        let values = texts.into_iter().flatten().map(str::to_owned);
        write(values.collect(), Some(&levels), None);
    }
    let (mut values, mut levels, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
    for (.., authors) in rows {
        match authors.as_deref() {
            None | Some([]) => {
                levels.push(i16::from(authors.is_some()));
                repetitions.push(0);
            }
            Some(authors) => {
                for (at, author) in authors.iter().enumerate() {
                    levels.push(2 + i16::from(author.is_some()));
                    repetitions.push(i16::from(at > 0));
                    values.extend(author.map(str::to_owned));
                }
            }
        }
    }
    write(values, Some(&levels), Some(&repetitions));
    group.close().unwrap();
    writer.close().unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn lists_are_read_across_pages_in_every_encoding() {
    let names: Vec<String> = (0..500).map(|at| format!("Author {}", at / 3)).collect();
    let rows: Vec<ListRow<'_>> = (0..100)
        .map(|row| {
            let authors = names[row * 4..].iter().take(row % 7);
            let authors = authors.map(|name| Some(name.as_str())).collect();
            let title = (row % 5 > 0).then_some("Title");
            (title, Some("Abstract"), (row % 11 > 0).then_some(authors))
        })
        .collect();
    let expected: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(row, (title, abstract_text, authors))| {
            let authors = authors.iter().flatten().flatten().copied();
            let paper = Paper::new(row.to_string())
                .title(title.unwrap_or_default())
                .abstract_text(abstract_text.unwrap_or_default());
            Ok(paper.authors(authors))
        })
        .collect();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for encoding in [
            None,
            Some(Encoding::PLAIN),
            Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
            Some(Encoding::DELTA_BYTE_ARRAY),
        ] {
            for page_rows in [1, 10, 1000] {
                let mut properties = WriterProperties::builder()
                    .set_writer_version(version)
                    .set_dictionary_enabled(encoding.is_none())
                    .set_write_batch_size(1)
                    .set_data_page_row_count_limit(page_rows);
                if let Some(encoding) = encoding {
                    properties = properties.set_encoding(encoding);
                }
                let found = read(lists(&rows, properties.build()));
                assert_eq!(found, expected, "{version:?} {encoding:?} {page_rows}");
            }
        }
    }
}

fn compressed() -> WriterProperties {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    WriterProperties::builder().set_compression(zstd).build()
}

const TOO_LONG: &str = "longer than 64 MiB, the most for a record";

#[test]
fn a_row_that_is_too_long_is_an_error_and_the_next_is_read() {
    let (long, half) = ("x".repeat(65 << 20), "x".repeat(33 << 20));
    let rows = [
        (Some(&*long), None, None),
        (Some("Good"), None, None),
        (Some(&*half), Some(&*half), None),
    ];
    let file = lists(&rows, compressed());
    assert!(file.metadata().unwrap().len() < 40_000);
    let found = read(file);
    assert_eq!(found[0], Err(format!("f: record 1: {TOO_LONG}")));
    assert_eq!(found[1], Ok(Paper::new("1").title("Good")));
    assert_eq!(found[2], Err(format!("f: record 3: {TOO_LONG}")));
}

#[test]
fn a_long_value_of_the_dictionary_is_an_error_of_each_row_that_has_it() {
    let title = "x".repeat(5 << 20);
    let rows: Vec<ListRow<'_>> = (0..20).map(|_| (Some(&*title), None, None)).collect();
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder()
        .set_compression(zstd)
        .set_dictionary_page_size_limit(8 << 20);
    let file = lists(&rows, properties.build());
    assert!(file.metadata().unwrap().len() < 5_000);
    for (at, row) in read(file).into_iter().enumerate() {
        let reason = "longer than 4 MiB, the most for a paper";
        assert_eq!(row, Err(format!("f: record {}: {reason}", at + 1)));
    }
}

#[test]
fn a_list_that_repeats_a_long_value_of_the_dictionary_is_an_error() {
    let name = "x".repeat(1 << 19);
    let rows = [
        (Some("Bad"), None, Some(vec![Some(&*name); 200])),
        (Some("Good"), None, Some(vec![Some("A"), None])),
    ];
    let found = read(lists(&rows, compressed()));
    assert_eq!(found[0], Err(format!("f: record 1: {TOO_LONG}")));
    // The missing name is passed over.
    let good = Paper::new("1").title("Good").authors(["A"]);
    assert_eq!(found[1], Ok(good));
}

#[test]
fn a_list_of_too_many_values_is_an_error_and_the_next_row_is_read() {
    let rows = [
        (Some("Bad"), None, Some(vec![Some("A"); (1 << 20) + 1])),
        (Some("Good"), None, Some(vec![Some("A"), Some("B")])),
    ];
    let file = lists(&rows, compressed());
    assert!(file.metadata().unwrap().len() < 5_000);
    let found = read(file);
    let too_many = "f: record 1: more than 1048576 values, the most for a record";
    assert_eq!(found[0], Err(too_many.to_owned()));
    assert_eq!(
        found[1],
        Ok(Paper::new("1").title("Good").authors(["A", "B"]))
    );
}

#[test]
fn a_page_with_an_unusual_header_is_an_error_of_the_file() {
    let schema = "message papers { required binary id (UTF8); required binary title (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = tempfile::tempfile().unwrap();
    let copy = file.try_clone().unwrap();
    let properties = WriterProperties::builder().set_dictionary_enabled(false);
    let mut writer = SerializedFileWriter::new(copy, schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for text in ["a", "A title"] {
        let mut column = group.next_column().unwrap().unwrap();
        let strings = column.typed::<ByteArrayType>();
        strings.write_batch(&[text.into()], None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    file.rewind().unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    let paper = Paper::new("a").title("A title");
    assert_eq!(read_bytes(&bytes), [Ok(paper)]);
    // A header whose fields are in another order; it begins after the signature.
    let mut claims = bytes.clone();
    assert_eq!(claims[4..7], [0x15, 0, 0x15]);
    claims[4] = 0x25;
    let error = read_bytes(&claims).remove(0).unwrap_err();
    let reason = "found an unusual page header; the rest of the file was not read";
    assert!(error.ends_with(reason), "{error}");
}

fn read_bytes(bytes: &[u8]) -> Vec<Result<Paper, String>> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    read(file)
}

#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    let rows: Vec<ListRow<'_>> = vec![
        (Some("One"), Some("Text"), Some(vec![Some("A"), Some("B")])),
        (Some("Two"), None, None),
    ];
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let properties = WriterProperties::builder().set_writer_version(version);
        let mut file = lists(&rows, properties.set_dictionary_enabled(false).build());
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        for at in 4..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(reader) = PaperReader::new(&*damaged, "f") {
                    assert!(reader.take(10).count() <= 10);
                }
            }
        }
    }
}

#[test]
fn a_damaged_file_of_structures_is_an_error_and_no_panic() {
    let schema = "message papers {
        optional binary title (UTF8);
        optional group authors (LIST) { repeated group list { optional group element { optional binary name (UTF8); } } }
        optional group references (MAP) { repeated group key_value { required binary key (UTF8); } }
    }";
    let leaves = [
        Leaf(&["A", "B"], &[1, 1], &[]),
        Leaf(&["Ann Ada", "Bo Birch"], &[4, 4, 0], &[0, 1, 0]),
        Leaf(&["k"], &[2, 0], &[0, 0]),
    ];
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let mut file = nested(schema, &leaves, version);
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        assert_eq!(read_bytes(&bytes).iter().flatten().count(), 2);
        for at in 4..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Ok(reader) = PaperReader::new(&*damaged, "f") {
                    assert!(reader.take(10).count() <= 10);
                }
            }
        }
    }
}

/// A column of a table: its values and their definition and repetition levels.
struct Leaf<'a>(&'a [&'a str], &'a [i16], &'a [i16]);

/// Writes a table of one row group whose columns are texts.
fn nested(schema: &str, leaves: &[Leaf<'_>], version: WriterVersion) -> File {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_writer_version(version);
    let mut file = tempfile::tempfile().unwrap();
    let copy = file.try_clone().unwrap();
    let mut writer = SerializedFileWriter::new(copy, schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for Leaf(values, definitions, repetitions) in leaves {
        let values: Vec<ByteArray> = values.iter().map(|text| (*text).into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        let strings = column.typed::<ByteArrayType>();
        let repetitions = (!repetitions.is_empty()).then_some(*repetitions);
        strings
            .write_batch(&values, Some(definitions), repetitions)
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn structures_in_lists_are_objects() {
    // The names in the records: [Ann, Bo], none, [Cy without a name in two parts], an empty list.
    let schema = "message papers {
        optional binary id (UTF8);
        optional binary title (UTF8);
        optional group authors (LIST) {
            repeated group list {
                optional group element {
                    optional binary name (UTF8);
                    optional group aliases (LIST) { repeated group list { optional binary element (UTF8); } }
                }
            }
        }
        optional group journal { optional binary name (UTF8); optional binary volume (UTF8); }
        optional group extra (MAP) {
            repeated group key_value { required binary key (UTF8); optional binary value (UTF8); }
        }
    }";
    let leaves = [
        Leaf(&["a", "b", "c", "d"], &[1, 1, 1, 1], &[]),
        Leaf(&["A", "B", "C", "D"], &[1, 1, 1, 1], &[]),
        Leaf(
            &["Ann Ada", "Bo Birch", "Cy Coe"],
            &[4, 4, 0, 2, 4, 1],
            &[0, 1, 0, 0, 1, 0],
        ),
        Leaf(&["x", "y"], &[6, 6, 3, 0, 2, 4, 1], &[0, 2, 1, 0, 0, 1, 0]),
        Leaf(&["J A", "J B"], &[2, 2, 0, 1], &[]),
        Leaf(&["7"], &[2, 1, 0, 1], &[]),
        Leaf(&["k"], &[2, 0, 0, 1], &[0, 0, 0, 0]),
        Leaf(&["v"], &[3, 0, 0, 1], &[0, 0, 0, 0]),
    ];
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let file = nested(schema, &leaves, version);
        let mut reader = PaperReader::from_file(file, "f", None).unwrap();
        let found: Vec<Paper> = reader.by_ref().map(Result::unwrap).collect();
        let authors: Vec<Vec<&str>> = found
            .iter()
            .map(|paper| paper.authors.iter().map(crate::Name::full).collect())
            .collect();
        let expected: [&[&str]; 4] = [&["Ann Ada", "Bo Birch"], &[], &["Cy Coe"], &[]];
        assert_eq!(authors, expected);
        let journals: Vec<_> = found
            .iter()
            .map(|paper| (paper.venue.as_deref(), paper.details.volume.as_deref()))
            .collect();
        let expected = [
            (Some("J A"), Some("7")),
            (Some("J B"), None),
            (None, None),
            (None, None),
        ];
        assert_eq!(journals, expected);
        // The column is in no paper, so it was not even opened.
        assert_eq!(
            reader.ignored_fields().into_iter().collect::<Vec<_>>(),
            [("extra".to_owned(), 4)]
        );
    }
}

#[test]
fn the_columns_tell_the_format_of_the_rows() {
    let schema = "message papers {
        optional binary paperId (UTF8);
        optional binary title (UTF8);
        optional group externalIds (MAP) {
            repeated group key_value { required binary key (UTF8); optional binary value (UTF8); }
        }
        optional group publicationTypes (LIST) { repeated group bag { optional binary array_element (UTF8); } }
        repeated binary fieldsOfStudy (UTF8);
    }";
    let leaves = [
        Leaf(&["p"], &[1], &[]),
        Leaf(&["P"], &[1], &[]),
        Leaf(&["DOI", "ArXiv"], &[2, 2], &[0, 1]),
        Leaf(&["10.1000/X"], &[3, 2], &[0, 1]),
        Leaf(&["Review", "Dataset"], &[3, 3], &[0, 1]),
        Leaf(&["Botany", "Optics"], &[1, 1], &[0, 1]),
    ];
    let file = nested(schema, &leaves, WriterVersion::PARQUET_2_0);
    let expected = Paper::new("p")
        .title("P")
        .doi("10.1000/x")
        .categories(["Botany", "Optics"])
        .kind(crate::PaperKind::Article);
    assert_eq!(read(file), [Ok(expected)]);
}

#[test]
fn bytes_that_are_no_text_concern_only_their_column() {
    let schema = "message papers { required binary title (UTF8); required binary abstract; required binary pdf;
        required fixed_len_byte_array(2) year; required boolean volume; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = tempfile::tempfile().unwrap();
    let copy = file.try_clone().unwrap();
    let mut writer = SerializedFileWriter::new(copy, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for bytes in [&b"Moss"[..], b"\xff\xfe", b"\xff"] {
        let mut column = group.next_column().unwrap().unwrap();
        let values = [ByteArray::from(bytes.to_vec())];
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    let values = [FixedLenByteArray::from(vec![0xff, 1])];
    column
        .typed::<FixedLenByteArrayType>()
        .write_batch(&values, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<BoolType>()
        .write_batch(&[true], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    file.rewind().unwrap();
    let mut reader = PaperReader::from_file(file, "f", None).unwrap();
    let found: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(found, [Paper::new("moss").title("Moss")]);
    let names: Vec<String> = reader.ignored_fields().into_keys().collect();
    assert_eq!(names, ["pdf", "volume", "year"]);
    let remark = reader.take_remarks().remove(0).text;
    assert_eq!(
        remark,
        "`abstract` holds bytes that are not UTF-8, which were left out, expected text"
    );
}

#[test]
fn a_table_without_a_column_of_a_paper_is_an_error() {
    let schema = "message papers { optional binary x (UTF8); optional binary y (UTF8); }";
    let leaves = [Leaf(&["a"], &[1], &[]), Leaf(&["b"], &[1], &[])];
    let found = read(nested(schema, &leaves, WriterVersion::PARQUET_1_0));
    let error = found[0].as_ref().unwrap_err();
    assert!(
        error.contains("found the columns `x`, `y`, expected those of a paper"),
        "{error}"
    );
    assert_eq!(found.len(), 1);
}
