use std::path::Path;

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use cognate::Library;

use crate::configuration::{Configuration, Key};
use crate::failure::wrong_usage;
use crate::invocation::Invocation;
use crate::output::{note, print};

/// Show or change the configuration file
///
/// The file names the library to use if no other is named, and gives names to libraries, which every
/// --library accepts. A name comes before a folder of that name; `./work` is always the folder.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print each key that is set, with its value
    List,
    /// Print the value of a key; the exit status is 1 if it is not set
    Get {
        /// Key: default-library or libraries.NAME
        #[arg(value_name = "KEY", value_parser = parse_key)]
        key: Key,
    },
    /// Set a key
    Set {
        /// Key: default-library or libraries.NAME
        #[arg(value_name = "KEY", value_parser = parse_key)]
        key: Key,
        /// Folder of a library; default-library also takes a name that the file gives to a library
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Remove a key
    Unset {
        /// Key: default-library or libraries.NAME
        #[arg(value_name = "KEY", value_parser = parse_key)]
        key: Key,
    },
    /// Print the path of the file, whether it exists or not
    Path,
}

pub(crate) fn run(arguments: &Arguments, _: &Invocation) -> Result<()> {
    match &arguments.action {
        Action::List => {
            let configuration = Configuration::read()?;
            let line = |(key, value): (Key, &str)| format!("{key} = {value}\n");
            print(
                &configuration
                    .entries()
                    .into_iter()
                    .map(line)
                    .collect::<String>(),
            )
        }
        Action::Get { key } => match Configuration::read()?.get(key) {
            Some(value) => print(&format!("{value}\n")),
            None => bail!("`{key}` is not set"),
        },
        Action::Set { key, value } => set(key, value),
        Action::Unset { key } => {
            let mut configuration = Configuration::read()?;
            if !configuration.unset(key) {
                bail!("`{key}` is not set");
            }
            configuration.save()
        }
        Action::Path => print(&format!("{}\n", Configuration::path()?.display())),
    }
}

fn parse_key(text: &str) -> Result<Key, String> {
    text.parse()
}

fn set(key: &Key, value: &str) -> Result<()> {
    key.check(value).map_err(|why| wrong_usage(&why))?;
    let mut configuration = Configuration::read()?;
    let is_name = *key == Key::DefaultLibrary && configuration.library(value).is_some();
    let value = if is_name {
        value.to_owned()
    } else {
        absolute(value)?
    };
    configuration.set(key, &value);
    configuration.save()?;
    let dir = match key {
        Key::DefaultLibrary => configuration.default_library(),
        Key::Library(name) => configuration.library(name),
    };
    if let Some(dir) = dir.filter(|dir| !Library::exists(dir)) {
        let dir = dir.display();
        note(&format!(
            "`{dir}` is not a library yet; `cognate add` makes one there"
        ));
    }
    Ok(())
}

/// Returns the path of a folder from the root, so that it is the same folder wherever a command runs.
fn absolute(folder: &str) -> Result<String> {
    if folder.starts_with("~/") {
        return Ok(folder.to_owned());
    }
    let path = std::path::absolute(Path::new(folder))?;
    let text = path.into_os_string().into_string();
    text.map_err(|path| {
        let path = path.display();
        anyhow!("`{path}` is not UTF-8, which the configuration file cannot hold")
    })
}
