//! Papers of words that do not exist, for runs without a file of papers.

use cognate::Paper;
use cognate_testing::Numbers;

/// The number of papers.
const PAPERS: usize = 5_000;

/// The number of words in all texts.
const WORDS: u64 = 30_000;

/// The number of subjects, each of which has a category and an order of frequency of the words.
const SUBJECTS: u32 = 100;

/// The number of authors.
const AUTHORS: u32 = 4_000;

/// Returns the papers, the same in every run.
///
/// The frequency of a word is inversely proportional to its rank (Zipf's law). Every second word is
/// drawn by the order of frequency of the paper's subject, the others by one order for all papers.
pub(crate) fn papers() -> Vec<Paper> {
    let mut numbers = Numbers::new(7);
    (0..PAPERS)
        .map(|number| {
            let subject = numbers.below(SUBJECTS);
            let title = text(&mut numbers, subject, 6, 12);
            let abstract_text = text(&mut numbers, subject, 80, 200);
            let mut author = || {
                let name = numbers.below(AUTHORS);
                format!(
                    "{} {}",
                    word(u64::from(name) % 61),
                    word(u64::from(name) + 61)
                )
            };
            let authors = [author(), author()];
            Paper::new(number.to_string())
                .title(title)
                .abstract_text(abstract_text)
                .authors(authors)
                .year(1990 + i32::try_from(numbers.below(30)).unwrap())
                .venue(format!("Journal of {}", word(u64::from(subject))))
                .categories([format!("made.{subject:02}")])
        })
        .collect()
}

/// Returns a text of at least `least` words and fewer than `end`.
fn text(numbers: &mut Numbers, subject: u32, least: u32, end: u32) -> String {
    let words = (0..least + numbers.below(end - least)).map(|position| {
        let rank = rank(numbers);
        if position % 2 == 0 {
            word(rank)
        } else {
            word((rank * 7919 + u64::from(subject) * 104_729) % WORDS)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Returns a rank from 0, with a probability inversely proportional to it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a rank is far below 2⁵³ and not negative"
)]
fn rank(numbers: &mut Numbers) -> u64 {
    let share = f64::from(numbers.signed().abs());
    ((WORDS as f64).powf(share) as u64).min(WORDS - 1)
}

/// Returns a word of its own for each number.
fn word(mut number: u64) -> String {
    const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
    const VOWELS: &[u8] = b"aeiou";
    let syllables = (CONSONANTS.len() * VOWELS.len()) as u64;
    let mut word = String::new();
    while word.len() < 4 || number > 0 {
        let syllable = usize::try_from(number % syllables).unwrap();
        word.push(char::from(CONSONANTS[syllable / VOWELS.len()]));
        word.push(char::from(VOWELS[syllable % VOWELS.len()]));
        number /= syllables;
    }
    word
}
