//! Readers and writers can move to another thread.

use std::thread;

use cognate_papers::{
    Citation, Draft, DraftFormat, DraftOptions, Error, ExportFormat, Format, Paper, PaperReader,
    PaperWriter, Remark, TextReader, TextRecord,
};

fn is_send<T: Send>() {}

fn is_send_and_sync<T: Send + Sync>() {}

/// Compiles only if the types are what they promise.
#[test]
fn readers_move_between_threads_and_data_is_shared() {
    is_send::<PaperReader<'static>>();
    is_send::<TextReader<'static>>();
    is_send_and_sync::<PaperWriter<Vec<u8>>>();
    is_send_and_sync::<(Paper, Draft, Citation, Remark, TextRecord, Error)>();
    is_send_and_sync::<(DraftOptions, DraftFormat, Format, ExportFormat)>();
}

#[test]
fn a_reader_that_began_on_one_thread_goes_on_on_another() {
    let lines = "{\"id\": \"a\", \"title\": \"One\"}\n{\"id\": \"b\", \"title\": \"Two\"}\n";
    let mut reader = PaperReader::new(lines.as_bytes(), "papers.jsonl").unwrap();
    assert_eq!(reader.next().unwrap().unwrap().id, "a");
    let rest = thread::spawn(move || reader.map(Result::unwrap).collect::<Vec<_>>());
    let rest = rest.join().unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].id, "b");
}
