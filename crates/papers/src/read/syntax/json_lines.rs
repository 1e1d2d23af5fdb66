use crate::read::input::Input;
use crate::read::syntax::json_record::{self, Fields};

/// Reads one JSON object a line, with the number of the line. Blank lines are passed over; behind a
/// bad line the iteration goes on.
pub(crate) struct JsonLines<'a> {
    source: Input<'a>,
    line: Vec<u8>,
}

impl<'a> JsonLines<'a> {
    pub(crate) fn new(source: Input<'a>) -> Self {
        Self {
            source,
            line: Vec::new(),
        }
    }
}

impl Iterator for JsonLines<'_> {
    type Item = (usize, Result<Fields, String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let read = self.source.next_line(&mut self.line)?;
            if read.is_ok() && self.line.trim_ascii().is_empty() {
                continue;
            }
            let fields = read.and_then(|()| json_record::parse(&self.line));
            return Some((self.source.line(), fields));
        }
    }
}
