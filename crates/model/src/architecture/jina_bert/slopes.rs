/// Returns the slope of the linear bias of each head (<https://arxiv.org/abs/2108.12409>).
///
/// The slopes of n heads are the powers of 2 with the exponents −8/n, −16/n and so on to −8. If the
/// number of heads is not a power of 2, the heads that exceed the next lower power have every other
/// slope of the next higher one.
pub(super) fn slopes(heads: usize) -> Vec<f32> {
    let lower = 1 << heads.checked_ilog2().unwrap_or(0);
    let power = |step: usize, of: usize| {
        #[expect(clippy::cast_precision_loss, reason = "heads are few")]
        let exponent = -8.0 * step as f64 / of as f64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded to f32 as the reference rounds slopes"
        )]
        let slope = exponent.exp2() as f32;
        slope
    };
    let first = (1..=lower).map(|step| power(step, lower));
    let others = (1..).step_by(2).map(|step| power(step, 2 * lower));
    first.chain(others).take(heads).collect()
}

#[cfg(test)]
mod tests {
    use super::slopes;

    #[test]
    fn of_a_power_of_two_are_powers_of_one_slope() {
        assert_eq!(slopes(1), [2f32.powi(-8)]);
        assert_eq!(slopes(4), [2, 4, 6, 8].map(|exponent| 2f32.powi(-exponent)));
    }

    #[test]
    fn of_other_numbers_interleave_those_of_the_next_power() {
        let expected = [2.0, 4.0, 6.0, 8.0, 1.0, 3.0].map(|exponent: f32| (-exponent).exp2());
        assert_eq!(slopes(6), expected);
        assert_eq!(slopes(12).len(), 12);
    }
}
