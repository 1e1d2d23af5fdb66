use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::paper_names;
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

#[derive(Debug, Deserialize, JsonSchema)]
struct AddArguments {
    /// The list, such as liked, disliked, read or hidden, or a name of your own
    list: String,
    /// Papers, each by its id, DOI, arXiv identifier or title
    ids: Vec<String>,
    /// What to remember about these papers; it replaces an earlier note
    #[serde(default)]
    #[schemars(with = "String")]
    note: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct RemoveArguments {
    /// The list
    list: String,
    /// Papers, each by its id, DOI, arXiv identifier or title
    ids: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    /// The name of the list
    list: String,
    /// The ids of the papers
    ids: Vec<String>,
    /// The number of papers that were added or removed; the others were so already
    changed: usize,
}

pub(super) fn add_tool() -> Tool {
    let description = Description {
        name: "add_to_list",
        title: "Add to list",
        purpose: "Put papers of the library on a list, which is created if needed. Use it only if the \
                  person asks to keep, like or mark papers.",
        effect: Effect::Adds,
    };
    Tool::new(&description, |context, arguments: AddArguments| {
        let ids = ids(context, &arguments.ids)?;
        let list = arguments.list;
        let added = context
            .library
            .add_to_list(&list, &ids, arguments.note.as_deref())?;
        let text = format!(
            "{added} of {} papers were added to the list {list}\n",
            ids.len()
        );
        let changed = added;
        Ok((text, Document { list, ids, changed }))
    })
}

pub(super) fn remove_tool() -> Tool {
    let description = Description {
        name: "remove_from_list",
        title: "Remove from list",
        purpose: "Take papers off a list, with their notes there. The papers stay in the library. Use it \
                  only if the person asks for it.",
        effect: Effect::Removes,
    };
    Tool::new(&description, |context, arguments: RemoveArguments| {
        let ids = ids(context, &arguments.ids)?;
        let list = arguments.list;
        let removed = context.library.remove_from_list(&list, &ids)?;
        let text = format!(
            "{removed} of {} papers were removed from the list {list}\n",
            ids.len()
        );
        let changed = removed;
        Ok((text, Document { list, ids, changed }))
    })
}

fn ids(context: &Context<'_>, names: &[String]) -> Result<Vec<String>, Problem> {
    let most = context.server.options().max_k;
    if names.is_empty() || names.len() > most {
        return Err(Problem::new(
            Kind::InvalidOption,
            format!("`ids` has {} items, expected 1 to {most}", names.len()),
        ));
    }
    paper_names::ids(context.library, names)
}
