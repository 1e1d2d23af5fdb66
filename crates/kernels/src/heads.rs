/// Checks that rows which are `stride` apart begin with heads of `width` values in total.
///
/// # Panics
///
/// Panics if a row is shorter.
pub(crate) fn check_heads(x: &[f32], stride: usize, width: usize) {
    assert!(
        stride != 0 && stride >= width,
        "rows are {stride} apart, which is less than the {width} values of their heads"
    );
    let last = x.len() % stride;
    assert!(
        last == 0 || last >= width,
        "the last row has {last} values, which is less than the {width} values of its heads"
    );
}
