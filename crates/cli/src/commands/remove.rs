use anyhow::Result;
use cognate::Library;

use crate::arguments::RemoveArguments;
use crate::output::{count, print};

pub(crate) fn run(arguments: &RemoveArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    let before = library.len()?;
    library.remove(&arguments.ids)?;
    let left = library.len()?;
    let removed = count(before.saturating_sub(left), "paper");
    print(&format!(
        "removed {removed}, {} left\n",
        count(left, "paper")
    ))
}
