//! What a command prints for a person: paragraphs, lists and named values, as wide as the screen.

use crate::screen::Screen;
use crate::styled::Styled;

/// Lines for a screen, none of them wider than it.
///
/// Its text has the sequences of styles and links, and no others, because it is made of [`Styled`]
/// alone.
#[derive(Debug)]
pub(crate) struct Page {
    screen: Screen,
    text: String,
}

/// The column in which named values begin.
pub(crate) const VALUES: usize = 13;

impl Page {
    pub(crate) fn new(screen: Screen) -> Self {
        Self {
            screen,
            text: String::new(),
        }
    }

    /// Returns the lines, with the sequences of styles and links.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns what the lines are shown on.
    pub(crate) fn screen(&self) -> Screen {
        self.screen
    }

    /// Returns the number of columns right of `indent`.
    pub(crate) fn room(&self, indent: usize) -> usize {
        self.screen.width.saturating_sub(indent).max(1)
    }

    /// Adds an empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Adds a paragraph whose lines all begin in column `indent`.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &Styled) {
        self.item(&Styled::new(), indent, text);
    }

    /// Adds a paragraph that begins in column `indent`, with `label` on its left. A label that is wider
    /// gets a line of its own.
    pub(crate) fn item(&mut self, label: &Styled, indent: usize, text: &Styled) {
        let room = self.room(indent);
        let mut used = 0;
        for line in label.lines(self.screen.width) {
            if used > 0 {
                self.text.push('\n');
            }
            used = line.width();
            self.text.push_str(&line.render(&self.screen));
        }
        if used > indent {
            self.text.push('\n');
            used = 0;
        }
        for line in text.lines(room) {
            if line.width() > 0 {
                let spaces = indent.saturating_sub(used);
                self.text.extend(std::iter::repeat_n(' ', spaces));
            }
            used = 0;
            self.text.push_str(&line.render(&self.screen));
            self.text.push('\n');
        }
    }

    /// Adds an entry of a list that begins in column `indent`, with its other lines two columns further
    /// right.
    pub(crate) fn entry(&mut self, indent: usize, text: &Styled) {
        let lines = text.hanging_lines(self.room(indent), self.room(indent + 2));
        for (at, line) in lines.iter().enumerate() {
            let indent = if at == 0 { indent } else { indent + 2 };
            self.text.extend(std::iter::repeat_n(' ', indent));
            self.text.push_str(&line.render(&self.screen));
            self.text.push('\n');
        }
    }

    /// Adds a named value. The values of a page are aligned.
    pub(crate) fn field(&mut self, name: &str, value: &Styled) {
        self.item(&Styled::new().bold(name), VALUES, value);
    }

    /// Adds named values.
    pub(crate) fn fields(&mut self, fields: &[(&str, String)]) {
        for (name, value) in fields {
            self.field(name, &Styled::new().plain(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        Page::new(Screen {
            width,
            has_styles: false,
            has_links: false,
        })
    }

    #[test]
    fn lines_hang_from_their_label_at_every_width() {
        let text = Styled::new().plain("Collective dynamics of small-world networks");
        let mut narrow = page(30);
        narrow.item(&Styled::new().plain("  1"), 5, &text);
        narrow.blank();
        narrow.field(
            "vectors",
            &Styled::new().plain("2 segments, 10 rows deleted"),
        );
        narrow.item(
            &Styled::new().plain("a long label"),
            5,
            &Styled::new().plain("text"),
        );
        assert_eq!(
            narrow.text(),
            "  1  Collective dynamics of\n     small-world networks\n\n\
             vectors      2 segments, 10\n             rows deleted\n\
             a long label\n     text\n"
        );
        let mut list = page(14);
        list.entry(2, &Styled::new().plain("one of many entries"));
        assert_eq!(list.text(), "  one of many\n    entries\n");
        for width in [50, 80, 120] {
            let mut page = page(width);
            page.paragraph(5, &Styled::new().plain(&"word ".repeat(60)));
            assert!(page.text().lines().all(|line| line.len() <= width));
            assert!(
                page.text()
                    .lines()
                    .all(|line| line.starts_with("     word"))
            );
        }
    }
}
