pub(crate) mod add;
pub(crate) mod check;
pub(crate) mod embed;
pub(crate) mod eval;
pub(crate) mod info;
pub(crate) mod related;
pub(crate) mod remove;
pub(crate) mod search;
