use std::any::TypeId;
use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use clap::Arg;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use cognate::{ExportFormat, Fusion, Gain, Mode, Precision, Strategy};

/// Lists the names of the values of an argument in its help, if its values have names.
pub(crate) fn with_names(argument: Arg) -> Arg {
    let argument = named::<Mode>(argument, Mode::ALL);
    let argument = named::<Fusion>(argument, Fusion::ALL);
    let argument = named::<Strategy>(argument, Strategy::ALL);
    let argument = named::<Precision>(argument, Precision::ALL);
    let argument = named::<ExportFormat>(argument, ExportFormat::ALL);
    named::<Gain>(argument, Gain::ALL)
}

/// Lists the names of `all` values, if `T` is the type of the values of `argument`. Other names that `T`
/// accepts, such as former ones, are still accepted.
fn named<T>(argument: Arg, all: &[T]) -> Arg
where
    T: FromStr + Display + Clone + Send + Sync + 'static,
    T::Err: Error + Send + Sync,
{
    if argument.get_value_parser().type_id() != TypeId::of::<T>() {
        return argument;
    }
    let former = ["mean", "best"].map(|name| PossibleValue::new(name).hide(true));
    let former = former
        .into_iter()
        .filter(|name| name.get_name().parse::<T>().is_ok());
    let names = all
        .iter()
        .map(|value| PossibleValue::new(value.to_string()));
    let parser = PossibleValuesParser::new(names.chain(former));
    let parser = parser.try_map(|name| name.parse::<T>());
    argument.value_parser(parser).ignore_case(true)
}
