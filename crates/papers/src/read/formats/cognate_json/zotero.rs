//! The creators of an item of Zotero, in one list with their roles.

use serde_json::Value;

use crate::Name;
use crate::read::formats::json_names::value_name;
use crate::read::input::MAX_VALUES;
use crate::read::syntax::json_object::Object;

/// Roles of persons who are not authors.
const OTHER_ROLES: [&str; 8] = [
    "editor",
    "seriesEditor",
    "translator",
    "contributor",
    "reviewedAuthor",
    "recipient",
    "bookAuthor",
    "commenter",
];

/// Returns the authors and the editors if the creators have roles.
pub(super) fn creators(object: Object<'_>) -> Option<(Vec<Name>, Vec<Name>)> {
    let role = |value: &Value| {
        let role = value.as_object()?.get("creatorType")?;
        role.as_str().map(str::to_owned)
    };
    object.items("creators").find_map(role)?;
    let (mut authors, mut editors) = (Vec::new(), Vec::new());
    for value in object.items("creators").take(MAX_VALUES) {
        let role = role(value).unwrap_or_default();
        let name = value_name(value).filter(|name| !name.full().is_empty());
        match (&*role, name) {
            ("editor", Some(name)) => editors.push(name),
            (role, Some(name)) if !OTHER_ROLES.contains(&role) => authors.push(name),
            _ => {}
        }
    }
    Some((authors, editors))
}
