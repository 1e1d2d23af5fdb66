//! The parameters of requests: read from the address or from a body of JSON, as their description says.

mod form;
mod read;

use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Required};

pub(crate) use self::read::{from_address, from_object};

/// Describes an object with a property for each parameter.
pub(crate) fn object_schema<T: IntoParams>() -> RefOr<Schema> {
    let mut object = ObjectBuilder::new();
    for parameter in T::into_params(|| Some(ParameterIn::Query)) {
        let mut schema = parameter.schema.unwrap_or_default();
        if let RefOr::T(schema) = &mut schema {
            describe(schema, parameter.description);
        }
        object = object.property(&parameter.name, schema);
        if parameter.required == Required::True {
            object = object.required(parameter.name);
        }
    }
    let closed = AdditionalProperties::<Schema>::FreeForm(false);
    object.additional_properties(Some(closed)).into()
}

/// Sets the description of a schema.
fn describe(schema: &mut Schema, description: Option<String>) {
    match schema {
        Schema::Array(array) => array.description = description,
        Schema::Object(object) => object.description = description,
        Schema::OneOf(one_of) => one_of.description = description,
        Schema::AllOf(all_of) => all_of.description = description,
        Schema::AnyOf(any_of) => any_of.description = description,
        _ => {}
    }
}

/// Describes parameters that consist of groups, whose fields are flattened into one struct: in an address and,
/// as a schema, in a body.
macro_rules! groups_of_parameters {
    ($name:ty: $($group:ty),+ $(,)?) => {
        impl utoipa::IntoParams for $name {
            fn into_params(
                place: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                let mut all = Vec::new();
                $(all.extend(<$group as utoipa::IntoParams>::into_params(&place));)+
                all
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::parameters::object_schema::<$name>()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use groups_of_parameters;
