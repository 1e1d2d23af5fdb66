use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// The fields of one line.
pub(crate) type Fields = Map<String, Value>;

/// Reads one JSON object a line, plain or compressed with gzip. Blank lines are passed over; a
/// bad line is an error with its number, and the iteration may go on behind it.
pub(crate) struct JsonLines<'a> {
    lines: Box<dyn BufRead + 'a>,
    origin: String,
    line: usize,
    buffer: Vec<u8>,
    failed: bool,
}

impl std::fmt::Debug for JsonLines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLines")
            .field("origin", &self.origin)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl<'a> JsonLines<'a> {
    pub(crate) fn open(path: &Path) -> Result<JsonLines<'static>> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        JsonLines::new(file, path.display().to_string())
    }

    pub(crate) fn new(reader: impl Read + 'a, origin: String) -> Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let head = reader
            .fill_buf()
            .map_err(Error::io("read", Path::new(&origin)))?;
        let lines: Box<dyn BufRead + 'a> = if head.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::new(MultiGzDecoder::new(reader)))
        } else {
            Box::new(reader)
        };
        Ok(Self {
            lines,
            origin,
            line: 0,
            buffer: Vec::new(),
            failed: false,
        })
    }

    /// The number of the line that was read last, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// What `make` makes of the next object.
    pub(crate) fn next_with<T>(
        &mut self,
        make: impl FnOnce(&Fields) -> Result<T, String>,
    ) -> Option<Result<T>> {
        while !self.failed {
            self.buffer.clear();
            match self.lines.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return None,
                Ok(_) => self.line += 1,
                Err(error) => {
                    // Behind a read error there is nothing to go on with.
                    self.failed = true;
                    self.line += 1;
                    return Some(Err(self.fault(format!("cannot read the file: {error}"))));
                }
            }
            let bytes = match self.line {
                1 => self
                    .buffer
                    .strip_prefix(b"\xef\xbb\xbf")
                    .unwrap_or(&self.buffer),
                _ => &self.buffer,
            };
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let made = parse(bytes).and_then(|fields| make(&fields));
            return Some(made.map_err(|reason| self.fault(reason)));
        }
        None
    }

    fn fault(&self, reason: String) -> Error {
        Error::Record {
            origin: self.origin.clone(),
            line: self.line,
            reason,
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Fields, String> {
    let line = std::str::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 after {} bytes", error.valid_up_to()))?;
    // Without the line break, so that the end of the line is a column of it.
    match serde_json::from_str(line.trim_end()) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(format!("found {}, expected an object", kind(&other))),
        Err(error) => {
            // Its own line number is always 1.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Err(format!("not JSON at column {}: {message}", error.column()))
        }
    }
}

/// What a value is, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
