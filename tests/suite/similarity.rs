use std::env;
use std::fs;

use crate::model::ENCODER;

/// Each line of `sts-test.tsv` has a score and two sentences, separated by tabs. The license of STS-B
/// keeps the file out of the repository.
#[test]
#[ignore = "needs the STS-B test set; set COGNATE_STSB to the path of sts-test.tsv"]
fn ranks_the_pairs_of_stsb_as_published() {
    let Ok(path) = env::var("COGNATE_STSB") else {
        panic!("COGNATE_STSB is not set, expected the path of sts-test.tsv");
    };
    let text = fs::read_to_string(path).unwrap();
    let pairs: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(pairs.len(), 1379);
    let expected: Vec<f64> = pairs.iter().map(|pair| pair[0].parse().unwrap()).collect();
    let [first, second] = [1, 2].map(|column| {
        let texts: Vec<&str> = pairs.iter().map(|pair| pair[column]).collect();
        ENCODER.encode_documents(&texts).unwrap()
    });
    let cosines: Vec<f64> = first
        .outer_iter()
        .zip(second.outer_iter())
        .map(|(a, b)| f64::from(a.dot(&b)))
        .collect();
    let found = spearman(&cosines, &expected);
    assert!(
        (found - 0.820).abs() <= 0.001,
        "{found:.5}, published 0.82032"
    );
}

/// Computes Spearman's rank correlation; tied values share the mean of their ranks.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand pairs")]
    let mean = f64::midpoint(a.len() as f64, 1.0);
    let product = |x: &[f64], y: &[f64]| {
        x.iter()
            .zip(y)
            .map(|(x, y)| (x - mean) * (y - mean))
            .sum::<f64>()
    };
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |value: f64| values.iter().filter(|&&other| other < value).count();
    let equal = |value: f64| {
        values
            .iter()
            .filter(|&&other| other.total_cmp(&value).is_eq())
            .count()
    };
    #[expect(clippy::cast_precision_loss, reason = "a few thousand values")]
    let rank = |&value: &f64| below(value) as f64 + f64::midpoint(equal(value) as f64, 1.0);
    values.iter().map(rank).collect()
}

#[test]
fn spearman_agrees_with_a_calculation_by_hand() {
    // Ranks 1, 2.5, 2.5, 4 against 2, 1, 3, 4.
    let found = spearman(&[0.1, 0.5, 0.5, 0.9], &[20.0, 10.0, 30.0, 40.0]);
    assert!((found - 3.0 / 22.5_f64.sqrt()).abs() < 1e-12, "{found}");
}
