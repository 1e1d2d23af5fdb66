//! The way from the start of a JSON document to a list within nested objects.

/// The names of the fields that lead to a list, from the outermost object on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListPath(Vec<String>);

impl ListPath {
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }

    /// Returns the number of objects around the list.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Returns whether the list is in, or within, the field `name` of the outermost object.
    pub(crate) fn is_within(&self, name: &str) -> bool {
        self.0.first().is_some_and(|first| first == name)
    }
}

impl std::fmt::Display for ListPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// A search for the list of a path, byte by byte, from the bracket of the outermost object on.
pub(super) struct ListSearch<'a> {
    path: &'a ListPath,
    /// The number of brackets that are open.
    depth: usize,
    /// The number of open objects that are on the path.
    on_path: usize,
    in_string: bool,
    escaped: bool,
    /// The last string, which is a name if a colon follows.
    string: Vec<u8>,
    /// Whether the value that follows is that of the next field of the path.
    is_next: bool,
}

/// What a byte means for a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The search continues.
    Nothing,
    /// The byte opens the list.
    List,
    /// The byte closes the outermost object, which has no such list.
    End,
}

impl<'a> ListSearch<'a> {
    pub(super) fn new(path: &'a ListPath) -> Self {
        Self {
            path,
            depth: 0,
            on_path: 0,
            in_string: false,
            escaped: false,
            string: Vec::new(),
            is_next: false,
        }
    }

    /// Processes one byte.
    pub(super) fn step(&mut self, byte: u8) -> Found {
        const LONGEST_NAME: usize = 256;
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                // A string cannot contain a line break: it is not closed.
                b'"' | b'\n' => self.in_string = false,
                _ if self.string.len() < LONGEST_NAME => self.string.push(byte),
                _ => {}
            }
            return Found::Nothing;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.string.clear();
                self.is_next = false;
            }
            b':' => {
                let next = self.path.0.get(self.on_path.saturating_sub(1));
                self.is_next = self.depth == self.on_path
                    && next.is_some_and(|name| name.as_bytes() == self.string);
            }
            b'[' if self.is_next && self.on_path == self.path.depth() => return Found::List,
            b'{' if self.depth == 0 || self.is_next && self.on_path < self.path.depth() => {
                self.depth += 1;
                self.on_path += 1;
                self.is_next = false;
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.is_next = false;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.on_path = self.on_path.min(self.depth);
                if self.depth == 0 {
                    return Found::End;
                }
            }
            byte if !byte.is_ascii_whitespace() => self.is_next = false,
            _ => {}
        }
        Found::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str, path: &[&str]) -> Option<usize> {
        let path = ListPath::new(path.iter().copied());
        let mut search = ListSearch::new(&path);
        for (at, byte) in text.bytes().enumerate() {
            match search.step(byte) {
                Found::Nothing => {}
                Found::List => return Some(at),
                Found::End => return None,
            }
        }
        None
    }

    #[test]
    fn finds_the_list_of_the_path_only() {
        let text = r#"{"a": [{"b": []}], "x": {"items": []}, "m": {"y": ["items"], "items": [1]}}"#;
        assert_eq!(search(text, &["m", "items"]), text.find("[1]"));
        assert_eq!(search(text, &["x", "items"]), text.find("[]}, \"m\""));
        assert_eq!(search(text, &["a"]), text.find("[{"));
        assert_eq!(search(text, &["items"]), None);
        assert_eq!(search(text, &["m", "items", "z"]), None);
        let escaped = r#"{"q": "\"items\": [", "items" : [1]}"#;
        assert_eq!(search(escaped, &["items"]), escaped.find("[1]"));
        let twice = r#"{"items": "x", "items": [2]}"#;
        assert_eq!(search(twice, &["items"]), twice.find("[2]"));
    }
}
