//! The tools, one module each.
//!
//! To add a tool, write `tools/<name>.rs` with a function `tool() -> Tool`, and list it in [`all`].

mod add_papers;
mod change_lists;
mod explain_match;
mod export_citations;
mod get_papers;
pub(super) mod library_info;
pub(super) mod list_topics;
mod missed_citations;
mod new_papers;
mod related_papers;
mod search_papers;

use super::tool::Tool;
use crate::server::Server;

/// Returns the tools that the agents of a server may use.
pub(super) fn all(server: &Server) -> Vec<Tool> {
    let libraries = server.libraries().iter();
    let names: Vec<&str> = libraries.map(|library| library.name.as_str()).collect();
    let mut tools = vec![
        search_papers::tool(),
        related_papers::tool(),
        get_papers::tool(),
        missed_citations::tool(),
        explain_match::tool(),
        list_topics::tool(),
        new_papers::tool(),
        export_citations::tool(),
        library_info::tool(),
    ];
    if server.options().allow_write {
        tools.extend([
            add_papers::tool(),
            change_lists::add_tool(),
            change_lists::remove_tool(),
        ]);
    }
    let tools = tools.into_iter();
    tools.map(|tool| tool.with_libraries(&names)).collect()
}
