//! What is measured on one library.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use cognate::{AddOptions, ExportFormat, Filter, Library, PaperWriter, Query};

use crate::embedder::WordEmbedder;
use crate::figures::{Figure, Figures, Times, time};
use crate::made_papers::MadePapers;
use crate::memory;
use crate::reference;

/// The number of papers that are added one by one: the first ones that are not in the library.
const ADDED: usize = 50;

/// The number of queries, which are titles of the papers after these.
const QUERIES: usize = 300;

/// The number of threads whose throughput is compared with that of one.
const THREADS: usize = 8;

/// A library and what it was made of.
pub(crate) struct Subject<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) made: &'a MadePapers,
    pub(crate) embedder: &'a WordEmbedder,
    pub(crate) size: usize,
}

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Whether figures are repeated until they are reliable.
    pub(crate) is_measured: bool,
    pub(crate) check: bool,
    pub(crate) analyses: bool,
}

impl Effort {
    /// Returns the number of repetitions: `count`, or 2 in a test of the benchmark.
    const fn times(self, count: usize) -> usize {
        if self.is_measured { count } else { 2 }
    }
}

impl Subject<'_> {
    /// Measures everything.
    pub(crate) fn measure(&self, effort: Effort) -> Figures {
        let mut figures = Figures::default();
        let library = self.build(&mut figures);
        let category = self.rare_category();
        if effort.check {
            reference::check(&library, self.made, self.embedder, self.size, &category);
        }
        let queries: Vec<String> = (self.size + ADDED..)
            .map(|number| self.made.paper(number).title)
            .take(QUERIES)
            .collect();
        self.measure_add(&mut figures, effort, &library);
        self.measure_open(&mut figures, effort, &queries);
        self.measure_searches(&mut figures, effort, &library, &queries, &category);
        measure_reads_beside_a_batch(&mut figures, effort, self, &library, &queries);
        measure_threads(&mut figures, effort, &library, &queries);
        memory::measure(
            &mut figures,
            "100 searches",
            self.dir,
            &queries[..effort.times(100)],
        );
        if effort.analyses || !effort.is_measured {
            for act in ["topics", "duplicates", "map"] {
                memory::measure(&mut figures, act, self.dir, &[]);
            }
        }
        self.measure_disk(&mut figures);
        figures
    }

    /// Opens the library, or creates it if the folder does not have it yet.
    fn build(&self, figures: &mut Figures) -> Library {
        let library = Library::open_or_create(self.dir, self.embedder.clone()).unwrap();
        let missing = self.size - library.len().unwrap().min(self.size);
        if missing > 0 {
            let papers =
                (0..self.size).map(|number| Ok::<_, cognate::Error>(self.made.paper(number)));
            let mut last = 0;
            let ((), elapsed) = time(|| {
                let report = library.add_with(papers, &AddOptions::default(), &mut |progress| {
                    if progress.papers >= last + 50_000 {
                        last = progress.papers;
                        eprintln!("  {last} papers of {}", self.size);
                    }
                    std::ops::ControlFlow::Continue(())
                });
                report.unwrap();
            });
            figures.add(
                "papers added at once",
                Figure::PerSecond(as_f64(missing) / elapsed.as_secs_f64()),
            );
        }
        // A run that was ended early may have left papers that it added.
        let left: Vec<String> = library.ids().unwrap();
        let left: Vec<String> = left
            .into_iter()
            .filter(|id| *id >= MadePapers::id(self.size))
            .collect();
        if !left.is_empty() {
            library.remove(&left).unwrap();
        }
        assert_eq!(library.len().unwrap(), self.size);
        library
    }

    /// Returns the category whose share of the papers is nearest to 1%.
    fn rare_category(&self) -> String {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for number in 0..self.size {
            for name in self.made.categories(number) {
                *counts.entry(name).or_default() += 1;
            }
        }
        let wanted = self.size.div_ceil(100);
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(name, count)| (count.abs_diff(wanted), *name));
        let (name, count) = counts[0];
        eprintln!("  the category {name} has {count} papers");
        name.to_owned()
    }

    fn measure_add(&self, figures: &mut Figures, effort: Effort, library: &Library) {
        let numbers = self.size..self.size + effort.times(ADDED);
        let papers: Vec<_> = numbers.map(|number| self.made.paper(number)).collect();
        let times = papers
            .iter()
            .map(|paper| time(|| library.add([paper.clone()]).unwrap()).1);
        let times = Times::new(times);
        figures.add_median("add one paper", &times);
        figures.add("add one paper, p90", Figure::Seconds(times.quantile(0.9)));
        assert_eq!(library.len().unwrap(), self.size + papers.len());
        for paper in &papers {
            let mut stored = library.get(&paper.id).unwrap().unwrap();
            // The library notes the day.
            stored.added = None;
            assert_eq!(stored, *paper);
        }
        let ids: Vec<&str> = papers.iter().map(|paper| paper.id.as_str()).collect();
        library.remove(&ids).unwrap();
    }

    fn measure_open(&self, figures: &mut Figures, effort: Effort, queries: &[String]) {
        // Closing the library, which unmaps its files, is not part of the time.
        let answer = |text: &str| {
            let library = Library::open(self.dir).unwrap();
            let library = library.with_embedder(self.embedder.clone()).unwrap();
            let hits = library.search(&Query::text(text)).unwrap();
            (library, hits)
        };
        black_box(answer(&queries[0]));
        let times = (0..effort.times(21)).map(|number| {
            let (opened, elapsed) = time(|| answer(&queries[number]));
            drop(black_box(opened));
            elapsed
        });
        let times = Times::new(times);
        figures.add_median("open to first hybrid answer", &times);
    }

    fn measure_searches(
        &self,
        figures: &mut Figures,
        effort: Effort,
        library: &Library,
        queries: &[String],
        category: &str,
    ) {
        let mut measure = |name: &str, count: usize, query: &dyn Fn(&str) -> Query| {
            let search = |number: usize| library.search(&query(&queries[number])).unwrap();
            assert!(!black_box(search(0)).is_empty(), "{name}");
            figures.add_median(name, &Times::measure(effort.times(count), search));
        };
        let author = self
            .made
            .paper(0)
            .authors
            .into_iter()
            .next()
            .unwrap_or_default();
        let filtered = |text: &str, filter: &Filter| Query::text(text).filter(filter.clone());
        let rare = Filter::default().category(category);
        measure("hybrid search", 100, &|text| Query::text(text));
        measure("hybrid search, filter of 1%", 100, &|text| {
            filtered(text, &rare)
        });
        let author = Filter::default().author(author.full());
        measure("hybrid search, one author", 100, &|text| {
            filtered(text, &author)
        });
        let years = Filter::default().years(2018..);
        measure("hybrid search, years from 2018", 100, &|text| {
            filtered(text, &years)
        });
        let k = self.size.min(10_000);
        measure("hybrid search, k = 10,000 or all", 3, &|text| {
            Query::text(text).k(k)
        });
        let id = |number: usize| MadePapers::id(number * 7919 % self.size);
        library.related(&id(0), 10).unwrap();
        let times = Times::measure(effort.times(100), |number| {
            library.related(&id(number), 10).unwrap()
        });
        figures.add_median("related", &times);
    }

    /// Adds the size of the files other than vectors, relative to that of the papers as JSON lines.
    fn measure_disk(&self, figures: &mut Figures) {
        let mut writer = PaperWriter::new(Counter(0), ExportFormat::JsonLines);
        for number in 0..self.size {
            writer.write(&self.made.paper(number)).unwrap();
        }
        let lines = writer.finish().unwrap().0;
        let is_of_vectors = |path: &Path| {
            let extension = path.extension();
            extension.is_some_and(|extension| extension == "vec" || extension == "codes")
        };
        let other = bytes_of(self.dir, &|path| !is_of_vectors(path));
        figures.add(
            "size without vectors, of the JSON lines",
            Figure::Ratio(other as f64 / lines as f64),
        );
        let all = bytes_of(self.dir, &|_| true);
        figures.add("size with vectors", Figure::Bytes(all as f64));
    }
}

/// Measures reads of single papers while another thread searches for batches of queries.
fn measure_reads_beside_a_batch(
    figures: &mut Figures,
    effort: Effort,
    subject: &Subject<'_>,
    library: &Library,
    queries: &[String],
) {
    let id = |number: usize| MadePapers::id(number * 104_729 % subject.size);
    let alone = Times::measure(effort.times(1000), |number| {
        library.get(&id(number)).unwrap().unwrap()
    });
    figures.add(
        "read one paper, alone, p50",
        Figure::Seconds(alone.quantile(0.5)),
    );
    let queries: Vec<Query> = queries
        .iter()
        .take(effort.times(QUERIES))
        .map(Query::text)
        .collect();
    let is_done = AtomicBool::new(false);
    let mut times = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                black_box(library.search_batch(&queries).unwrap());
            }
        });
        // The batch has begun when the first read does.
        thread::sleep(Duration::from_millis(20));
        let start = Instant::now();
        let duration = Duration::from_secs(effort.times(5) as u64);
        while start.elapsed() < duration || times.len() < effort.times(100) {
            times.push(time(|| library.get(&id(times.len())).unwrap().unwrap()).1);
            thread::sleep(Duration::from_millis(1));
        }
        is_done.store(true, Ordering::Relaxed);
    });
    let times = Times::new(times);
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let name = format!("read one paper beside a batch, {name}");
        figures.add(name, Figure::Seconds(times.quantile(share)));
    }
}

/// Measures the searches per second of one thread and of several.
fn measure_threads(figures: &mut Figures, effort: Effort, library: &Library, queries: &[String]) {
    let each = effort.times(40);
    let search = |thread: usize| {
        for number in 0..each {
            let text = &queries[(thread * each + number) % queries.len()];
            black_box(library.search(&Query::text(text)).unwrap());
        }
    };
    let ((), one) = time(|| (0..THREADS).for_each(search));
    // One search uses all cores, unless the pool that it runs in has one thread.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.expect("a pool of one thread");
    let ((), one_core) = time(|| pool.install(|| (0..THREADS).for_each(search)));
    let ((), several) = time(|| {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || search(thread));
            }
        });
    });
    let searches = as_f64(THREADS * each);
    figures.add(
        "hybrid searches, 1 thread",
        Figure::PerSecond(searches / one.as_secs_f64()),
    );
    figures.add(
        "hybrid searches, 8 threads",
        Figure::PerSecond(searches / several.as_secs_f64()),
    );
    figures.add(
        "hybrid searches, 1 thread on 1 core",
        Figure::PerSecond(searches / one_core.as_secs_f64()),
    );
    for (name, alone) in [
        ("8 threads against 1 thread on 1 core", one_core),
        ("8 threads against 1 thread", one),
    ] {
        let ratio = alone.as_secs_f64() / several.as_secs_f64();
        figures.add(name, Figure::Ratio(ratio));
    }
}

/// Counts the bytes that are written.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the size of the files in a folder and below that count.
fn bytes_of(dir: &Path, counts: &dyn Fn(&Path) -> bool) -> u64 {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let bytes = entries.map(|entry| {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            bytes_of(&entry.path(), counts)
        } else if counts(&entry.path()) {
            metadata.len()
        } else {
            0
        }
    });
    bytes.sum()
}

fn as_f64(count: usize) -> f64 {
    count as f64
}
