use std::path::Path;

use cognate_kernels::QuantizedLinear;

use crate::config::Sizes;
use crate::{Error, Result};

/// Refuses sizes in `config.json`, the file at `path`, that need more than `max_values`, the number
/// of values in the weights.
///
/// Reading a tensor compares its exact shape, but some buffers are allocated for several tensors
/// together. This check comes before all of them, so that a few bytes of a configuration cannot
/// claim more memory than the weights have.
pub(super) fn check_sizes(path: &Path, sizes: &Sizes, max_values: u64) -> Result<()> {
    let layers = ("num_hidden_layers", sizes.num_hidden_layers);
    let hidden = ("hidden_size", sizes.hidden_size);
    let products: [&[(&str, usize)]; 3] = [
        &[("vocab_size", sizes.vocab_size), hidden],
        &[layers, hidden, ("attention width", sizes.attention_width)],
        &[
            layers,
            hidden,
            ("intermediate_size", sizes.intermediate_size),
        ],
    ];
    for factors in products {
        // A factor of 0 makes the product 0, whatever the others are.
        let product = if factors.iter().any(|&(_, size)| size == 0) {
            Some(0)
        } else {
            factors.iter().try_fold(1, |product: u64, &(_, size)| {
                product.checked_mul(size as u64)
            })
        };
        if product.is_none_or(|product| product > max_values) {
            let (names, values): (Vec<_>, Vec<_>) = factors
                .iter()
                .map(|&(name, size)| (name, size.to_string()))
                .unzip();
            return Err(Error::Unsupported {
                path: path.to_owned(),
                field: names.join(" × "),
                found: values.join(" × "),
                expected: format!(
                    "at most {max_values}, the most values that the weights can have"
                ),
            });
        }
    }
    Ok(())
}

/// Refuses layers with more inputs than int8 products are exact for.
pub(super) fn check_int8_sizes(path: &Path, sizes: &Sizes) -> Result<()> {
    for (field, inputs) in [
        ("hidden_size", sizes.hidden_size),
        ("attention width", sizes.attention_width),
        ("intermediate_size", sizes.intermediate_size),
    ] {
        if inputs > QuantizedLinear::MAX_INPUTS {
            return Err(Error::Unsupported {
                path: path.to_owned(),
                field: field.to_owned(),
                found: inputs.to_string(),
                expected: format!("at most {} in int8", QuantizedLinear::MAX_INPUTS),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_above_the_number_of_values_are_refused_and_do_not_overflow() {
        let sizes = Sizes {
            hidden_size: 10,
            vocab_size: 100,
            max_tokens: 8,
            num_hidden_layers: 2,
            attention_width: 10,
            intermediate_size: 40,
        };
        let check = |sizes: &Sizes, values| check_sizes(Path::new("c"), sizes, values);
        check(&sizes, 1000).unwrap();
        assert_eq!(
            check(&sizes, 999).unwrap_err().to_string(),
            "`c`: unsupported vocab_size × hidden_size `100 × 10`, expected at most 999, the \
             most values that the weights can have"
        );
        for huge in [usize::MAX, usize::MAX / 2, 1 << 40] {
            let wide = Sizes {
                intermediate_size: huge,
                ..sizes
            };
            check(&wide, 1000).unwrap_err();
            let tall = Sizes {
                num_hidden_layers: huge,
                ..sizes
            };
            check(&tall, 1000).unwrap_err();
            let no_layers = Sizes {
                num_hidden_layers: 0,
                ..wide
            };
            check(&no_layers, 1000).unwrap();
        }
    }

    #[test]
    fn layers_too_wide_for_exact_sums_are_refused_in_int8() {
        let mut sizes = Sizes {
            hidden_size: 10,
            vocab_size: 100,
            max_tokens: 8,
            num_hidden_layers: 2,
            attention_width: 10,
            intermediate_size: 32_768,
        };
        check_int8_sizes(Path::new("c"), &sizes).unwrap();
        sizes.intermediate_size += 1;
        assert_eq!(
            check_int8_sizes(Path::new("c"), &sizes)
                .unwrap_err()
                .to_string(),
            "`c`: unsupported intermediate_size `32769`, expected at most 32768 in int8"
        );
    }
}
