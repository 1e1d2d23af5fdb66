use std::sync::LazyLock;

use cognate_model::{Role, TokenBatch};
use ndarray::{Array2, ArrayView2, s};

use crate::golden_file::GoldenFile;
use crate::model::{ENCODER, golden, golden_texts};

/// The numbers that sentence-transformers computed; `tests/golden/README.md` describes them.
struct Golden {
    names: Vec<String>,
    texts: Vec<String>,
    batch: TokenBatch,
    hidden: Array2<f32>,
    hidden_full: Array2<f32>,
    pooled: Array2<f32>,
    normalized: Array2<f32>,
}

static GOLDEN: LazyLock<Golden> = LazyLock::new(|| {
    let file = GoldenFile::read(golden("all-MiniLM-L6-v2.safetensors"));
    let (names, texts) = golden_texts()
        .into_iter()
        .map(|golden| (golden.name, golden.text))
        .unzip();
    Golden {
        names,
        texts,
        batch: file.tokens(),
        hidden: file.rows("hidden"),
        hidden_full: file.rows("hidden_full"),
        pooled: file.rows("pooled"),
        normalized: file.rows("normalized"),
    }
});

/// Compares value by value, and names the text with the largest difference.
#[track_caller]
fn assert_near(
    found: ArrayView2<'_, f32>,
    expected: ArrayView2<'_, f32>,
    bound: f32,
    name_of_row: impl Fn(usize) -> String,
) {
    assert_eq!(found.dim(), expected.dim());
    let mut worst = (0.0_f32, 0);
    for (at, (found, expected)) in found.outer_iter().zip(expected.outer_iter()).enumerate() {
        for (&found, &expected) in found.iter().zip(expected) {
            assert!(found.is_finite(), "{}", name_of_row(at));
            if (found - expected).abs() > worst.0 {
                worst = ((found - expected).abs(), at);
            }
        }
    }
    assert!(
        worst.0 <= bound,
        "{} differs by {:e}, over {bound:e}",
        name_of_row(worst.1),
        worst.0
    );
}

#[test]
fn golden_texts_cover_the_difficult_cases() {
    assert!(GOLDEN.texts.len() >= 32);
    assert_eq!(GOLDEN.batch.len(), GOLDEN.texts.len());
    let wanted = [
        "empty",
        "one_word",
        "very_long_over_400_words",
        "chinese",
        "combining_marks",
    ];
    for name in wanted
        .into_iter()
        .chain(["emoji", "control_characters", "latex"])
    {
        assert!(GOLDEN.names.iter().any(|found| found == name), "{name}");
    }
}

#[test]
fn token_ids_are_equal() {
    for role in [Role::Document, Role::Query] {
        let found = ENCODER.tokenize(role, &GOLDEN.texts).unwrap();
        let pairs = found.sequences().zip(GOLDEN.batch.sequences());
        for (name, (found, expected)) in GOLDEN.names.iter().zip(pairs) {
            assert_eq!(found, expected, "{name}");
        }
    }
}

#[test]
fn hidden_states_agree() {
    let hidden = ENCODER.hidden_states(&GOLDEN.batch).unwrap();
    let offsets = GOLDEN.batch.offsets();
    let text_of = |token: usize| {
        let text = offsets.partition_point(|&offset| offset <= token) - 1;
        format!("{}, token {}", GOLDEN.names[text], token - offsets[text])
    };
    assert_near(
        hidden.slice(s![.., ..;16]),
        GOLDEN.hidden.view(),
        2e-5,
        text_of,
    );

    let middle: Vec<usize> = offsets
        .windows(2)
        .map(|bounds| bounds[0] + (bounds[1] - bounds[0]) / 2)
        .collect();
    let middle = hidden.select(ndarray::Axis(0), &middle);
    assert_near(middle.view(), GOLDEN.hidden_full.view(), 2e-5, |at| {
        GOLDEN.names[at].clone()
    });
}

#[test]
fn pooled_rows_agree() {
    let hidden = ENCODER.hidden_states(&GOLDEN.batch).unwrap();
    let pooled = ENCODER.pool(hidden.view(), &GOLDEN.batch).unwrap();
    assert_near(pooled.view(), GOLDEN.pooled.view(), 5e-6, |at| {
        GOLDEN.names[at].clone()
    });
}

#[test]
fn embeddings_agree() {
    let rows = ENCODER.encode_documents(&GOLDEN.texts).unwrap();
    assert_near(rows.view(), GOLDEN.normalized.view(), 2e-6, |at| {
        GOLDEN.names[at].clone()
    });
    for (at, row) in rows.outer_iter().enumerate() {
        let cosine: f64 = row
            .iter()
            .zip(GOLDEN.normalized.row(at))
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum();
        assert!(cosine >= 0.999_999, "{}: {cosine}", GOLDEN.names[at]);
    }
    // This model has no prompts.
    assert_eq!(
        ENCODER.encode_queries(&GOLDEN.texts[..4]).unwrap(),
        rows.slice(s![..4, ..])
    );
}
