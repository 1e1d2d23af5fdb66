//! Schemas of parameters that are one of some names.

/// Defines a type whose schema is a text that is one of some names, for `value_type` of a parameter.
macro_rules! named_values {
    ($name:ident, $names:expr) => {
        pub(crate) struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some($names))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use named_values;
