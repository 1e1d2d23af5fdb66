use std::any::TypeId;
use std::error::Error;
use std::str::FromStr;

use clap::Arg;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use cognate::{ExportFormat, Fusion, Gain, HitOrder, Mode, Precision, SortBy, Strategy};

/// Lists the names of the values of an argument in its help, if its values have names.
pub(crate) fn with_names(argument: Arg) -> Arg {
    let argument = named(argument, Mode::ALL, Mode::name);
    let argument = named(argument, Fusion::ALL, Fusion::name);
    let argument = named(argument, Strategy::ALL, Strategy::name);
    let argument = named(argument, Precision::ALL, Precision::name);
    let argument = named(argument, ExportFormat::ALL, ExportFormat::name);
    let argument = named(argument, SortBy::ALL, SortBy::name);
    let argument = named(argument, HitOrder::ALL, HitOrder::name);
    named(argument, Gain::ALL, Gain::name)
}

/// Lists the names of `all` values, if `T` is the type of the values of `argument`. Other names that `T`
/// accepts, such as former ones, are still accepted.
fn named<T>(argument: Arg, all: &[T], name: fn(T) -> &'static str) -> Arg
where
    T: FromStr + Copy + Send + Sync + 'static,
    T::Err: Error + Send + Sync,
{
    if argument.get_value_parser().type_id() != TypeId::of::<T>() {
        return argument;
    }
    let former = ["mean", "best"].map(|name| PossibleValue::new(name).hide(true));
    let former = former
        .into_iter()
        .filter(|name| name.get_name().parse::<T>().is_ok());
    let names = all.iter().map(|value| PossibleValue::new(name(*value)));
    let parser = PossibleValuesParser::new(names.chain(former));
    let parser = parser.try_map(|name| name.parse::<T>());
    argument.value_parser(parser).ignore_case(true)
}
