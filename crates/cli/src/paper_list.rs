//! A list of papers: a table for a person, and lines of fields for a program.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use cognate::{Name, Paper};
use textwrap::core::display_width;

use crate::output::{line_output, one_line, title};
use crate::page::Page;
use crate::screen::Screen;
use crate::styled::{Styled, shortened_to};
use crate::terminal::neutralized;

/// The number of papers whose widths decide the columns of a table. Later papers are printed as they come.
const MEASURED: usize = 500;

/// The largest width of a column of authors.
const MAX_AUTHORS: usize = 20;

/// The smallest width of a column of titles. If there is less room, the title has a line of its own.
const MIN_TITLE: usize = 24;

/// Prints papers one after another on stdout.
pub(crate) struct PaperList {
    out: Box<dyn Write>,
    layout: Layout,
}

enum Layout {
    /// Lines of fields, separated by tabs.
    Fields,
    /// A table for a person, whose first papers are measured.
    Measuring { screen: Screen, rows: Vec<Row> },
    /// A table whose columns have these widths.
    Table { screen: Screen, columns: Columns },
    /// The title of a paper on lines of its own, and the rest below it.
    Stacked { screen: Screen },
}

/// What a table shows of a paper.
struct Row {
    id: String,
    year: String,
    title: String,
    authors: String,
}

struct Columns {
    id: usize,
    year: usize,
    title: usize,
    authors: usize,
}

impl PaperList {
    /// Begins a list on stdout, for a person if that is a screen.
    pub(crate) fn on_stdout() -> Self {
        match Screen::of_stdout() {
            // What a page prints cannot control a terminal.
            Some(screen) => Self::new(
                BufWriter::new(io::stdout().lock()),
                Layout::measuring(screen),
            ),
            None => Self::new(line_output(), Layout::Fields),
        }
    }

    fn new(out: impl Write + 'static, layout: Layout) -> Self {
        Self {
            out: Box::new(out),
            layout,
        }
    }

    /// Adds a paper.
    pub(crate) fn add(&mut self, paper: &Paper) -> Result<()> {
        match &mut self.layout {
            Layout::Fields => write_fields(&mut self.out, paper)?,
            Layout::Measuring { rows, .. } => {
                rows.push(Row::of(paper));
                if rows.len() == MEASURED {
                    self.end_measuring()?;
                }
            }
            Layout::Table { screen, columns } => {
                let text = Row::of(paper).in_table(*screen, columns);
                self.out.write_all(text.as_bytes())?;
            }
            Layout::Stacked { screen } => {
                let text = Row::of(paper).stacked(*screen);
                self.out.write_all(text.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Prints what is not printed yet.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.end_measuring()?;
        self.out.flush()?;
        Ok(())
    }

    fn end_measuring(&mut self) -> Result<()> {
        let Layout::Measuring { screen, rows } = &mut self.layout else {
            return Ok(());
        };
        let (screen, rows) = (*screen, std::mem::take(rows));
        let columns = Columns::of(&rows, screen.width);
        for row in rows {
            let text = match &columns {
                Some(columns) => row.in_table(screen, columns),
                None => row.stacked(screen),
            };
            self.out.write_all(text.as_bytes())?;
        }
        self.layout = match columns {
            Some(columns) => Layout::Table { screen, columns },
            None => Layout::Stacked { screen },
        };
        Ok(())
    }
}

impl Layout {
    fn measuring(screen: Screen) -> Self {
        Self::Measuring {
            screen,
            rows: Vec::new(),
        }
    }
}

/// Writes the id, the year, the title, the authors and the venue, separated by tabs.
fn write_fields(out: &mut impl Write, paper: &Paper) -> io::Result<()> {
    let authors: Vec<&str> = paper.authors.iter().map(Name::full).collect();
    let year = paper.year.map(|year| year.to_string());
    let fields = [
        paper.id.as_str(),
        year.as_deref().unwrap_or_default(),
        &paper.title,
        &authors.join("; "),
        paper.venue.as_deref().unwrap_or_default(),
    ];
    writeln!(out, "{}", fields.map(one_line).join("\t"))
}

impl Row {
    fn of(paper: &Paper) -> Self {
        let shown = |text: &str| neutralized(text).into_owned();
        Self {
            id: shown(&one_line(&paper.id)),
            year: paper.year.map(|year| year.to_string()).unwrap_or_default(),
            title: shown(&title(&paper.title)),
            authors: shown(&one_line(&authors(&paper.authors))),
        }
    }

    /// Returns the line of a table, or two if the id is wider than its column. An id is copied, so it is
    /// never shortened.
    fn in_table(&self, screen: Screen, columns: &Columns) -> String {
        let mut page = Page::new(screen);
        let mut id = padded(&self.id, columns.id);
        if display_width(&id) > columns.id {
            page.paragraph(0, &Styled::new().plain(&id));
            id = padded("", columns.id);
        }
        let year = format!("  {:>width$}  ", self.year, width = columns.year);
        let title = shortened_to(&self.title, columns.title);
        let spaces = padded("", columns.title + 2 - display_width(&title));
        let line = Styled::new()
            .plain(&id)
            .dim(&year)
            .bold(&title)
            .plain(&spaces)
            .dim(&shortened_to(&self.authors, columns.authors));
        page.paragraph(0, &line);
        page.text().to_owned()
    }

    /// Returns the lines of a paper on a narrow screen.
    fn stacked(&self, screen: Screen) -> String {
        let mut page = Page::new(screen);
        page.paragraph(0, &Styled::new().bold(&self.title));
        let mut facts = Styled::new().dim_whole(&self.id);
        for fact in [&self.year, &self.authors] {
            if !fact.is_empty() {
                facts = facts.dim(" · ").dim(fact);
            }
        }
        page.paragraph(2, &facts);
        page.text().to_owned()
    }
}

impl Columns {
    /// Returns the columns of a table `width` columns wide, or `None` if it is too narrow for one.
    fn of(rows: &[Row], width: usize) -> Option<Self> {
        let widest = |field: fn(&Row) -> &str| {
            let widths = rows.iter().map(|row| display_width(field(row)));
            widths.max().unwrap_or_default()
        };
        let id = widest(|row| &row.id);
        let year = widest(|row| &row.year);
        let authors = widest(|row| &row.authors).min(MAX_AUTHORS);
        let room = width.checked_sub(id + year + authors + 6)?;
        let title = widest(|row| &row.title);
        (room >= title.min(MIN_TITLE)).then(|| Self {
            id,
            year,
            title: room.min(title),
            authors,
        })
    }
}

/// Returns the family names of one or two authors, or of the first of several.
fn authors(names: &[Name]) -> String {
    let family = |name: &Name| match name.particle() {
        _ if name.is_single() => name.full().to_owned(),
        "" => name.family().to_owned(),
        particle => format!("{particle} {}", name.family()),
    };
    match names {
        [] => String::new(),
        [one] => family(one),
        [first, second] => format!("{} and {}", family(first), family(second)),
        [first, ..] => format!("{} et al.", family(first)),
    }
}

/// Returns `text` with spaces after it up to `width` columns.
fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(display_width(text));
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// A writer whose text outlives it.
    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn measuring(width: usize) -> Layout {
        Layout::measuring(Screen {
            width,
            has_styles: false,
            has_links: false,
        })
    }

    fn listed(papers: &[Paper], layout: Layout) -> String {
        let text = Shared::default();
        let mut list = PaperList::new(text.clone(), layout);
        for paper in papers {
            list.add(paper).unwrap();
        }
        list.finish().unwrap();
        let text = text.0.borrow().clone();
        String::from_utf8(text).unwrap()
    }

    fn papers() -> Vec<Paper> {
        vec![
            Paper::new("arXiv:1706.03762")
                .title("Attention Is All You Need")
                .authors(["Ashish Vaswani", "Noam Shazeer", "Niki Parmar"])
                .year(2017)
                .venue("NeurIPS"),
            Paper::new("watts")
                .title("Collective dynamics of\n‘small-world’ networks")
                .authors(["Duncan J. Watts", "Steven H. Strogatz"]),
            Paper::new("cjk").title("深度学习的图像识别与自然语言处理方法综述"),
            Paper::new("x").authors(["Ludwig van Beethoven"]).year(1801),
        ]
    }

    #[test]
    fn a_wide_terminal_has_a_table() {
        assert_eq!(
            listed(&papers()[..2], measuring(80)),
            "arXiv:1706.03762  2017  Attention Is All You Need             Vaswani et al.\n\
             watts                   Collective dynamics of ‘small-world…  Watts and Strogatz\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_ids_are_whole() {
        for width in [20, 40, 50, 60, 80, 120] {
            let text = listed(&papers(), measuring(width));
            for line in text.lines() {
                assert!(display_width(line) <= width, "{width}: {line}");
            }
            assert!(text.contains("arXiv:1706.03762"), "{text}");
        }
        let narrow = listed(&papers()[..2], measuring(40));
        assert_eq!(
            narrow,
            "Attention Is All You Need\n  arXiv:1706.03762 · 2017 · Vaswani et\n  al.\n\
             Collective dynamics of ‘small-world’\nnetworks\n  watts · Watts and Strogatz\n"
        );
    }

    #[test]
    fn an_id_that_is_wider_than_those_before_it_has_a_line_of_its_own() {
        let mut papers: Vec<Paper> = (0..MEASURED)
            .map(|n| Paper::new(format!("{n:03}")).title("T").year(2000))
            .collect();
        papers.push(Paper::new("a-longer-id").title("U").year(2001));
        let text = listed(&papers, measuring(80));
        assert!(
            text.ends_with("499  2000  T\na-longer-id\n     2001  U\n"),
            "{text}"
        );
    }

    #[test]
    fn a_program_gets_five_fields_on_each_line() {
        let text = listed(&papers(), Layout::Fields);
        let fields: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split('\t').collect())
            .collect();
        assert!(fields.iter().all(|fields| fields.len() == 5), "{text}");
        let authors = "Ashish Vaswani; Noam Shazeer; Niki Parmar";
        let title = "Attention Is All You Need";
        assert_eq!(
            fields[0],
            ["arXiv:1706.03762", "2017", title, authors, "NeurIPS"]
        );
        assert_eq!(
            fields[1][2],
            "Collective dynamics of ‘small-world’ networks"
        );
        assert_eq!(fields[3], ["x", "1801", "", "Ludwig van Beethoven", ""]);
    }
}
