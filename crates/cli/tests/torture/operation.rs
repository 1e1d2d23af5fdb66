//! Operations that change a library, and what the library may have if they are interrupted.

use std::fs;

use cognate_testing::Numbers;
use serde_json::Value;

use crate::contents::{Contents, id};
use crate::invented;
use crate::sandbox::{Sandbox, add_arguments};

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Adds new papers in one commit or several.
    Add {
        papers: u32,
    },
    /// Replaces papers: some have a new text, the others only other metadata.
    Update {
        papers: usize,
    },
    Remove {
        papers: usize,
    },
    Compact,
    /// Rebuilds the terms, which are deleted before.
    Repair,
}

/// A run of the command.
pub(crate) struct Run {
    pub(crate) arguments: Vec<String>,
    /// What the library may have if the run is interrupted; the last is what it has after a complete run.
    pub(crate) permitted: Vec<Contents>,
}

/// The number of papers of every commit but the last one of a run is a multiple of this one.
const COMMIT: usize = 64;

impl Operation {
    /// Prepares a run for the library `L`, which has `contents`. `number` is that of the first new paper.
    pub(crate) fn prepare(
        self,
        sandbox: &Sandbox,
        contents: &Contents,
        number: u32,
        numbers: &mut Numbers,
    ) -> Run {
        match self {
            Self::Add { papers } => adding(
                sandbox,
                contents,
                &invented::papers(number..number + papers),
            ),
            Self::Update { papers } => {
                let mut changed = some(contents, papers, numbers);
                for (position, paper) in changed.iter_mut().enumerate() {
                    if position % 2 == 0 {
                        let (number, revision) = invented::number_and_revision(paper);
                        *paper = invented::paper(number, revision + 1);
                    } else {
                        paper["venue"] = format!("Journal {}", numbers.below(1 << 20)).into();
                    }
                }
                adding(sandbox, contents, &changed)
            }
            Self::Remove { papers } => {
                let papers = some(contents, papers, numbers);
                let ids: Vec<String> = papers.iter().map(|paper| id(paper).to_owned()).collect();
                let mut arguments = ["remove", "--library", "L"].map(str::to_owned).to_vec();
                arguments.extend(ids.iter().cloned());
                Run {
                    arguments,
                    permitted: vec![contents.clone(), contents.without(&ids)],
                }
            }
            Self::Compact => Run {
                arguments: ["compact", "--library", "L"].map(str::to_owned).to_vec(),
                permitted: vec![contents.clone()],
            },
            Self::Repair => {
                delete_terms(sandbox);
                Run {
                    arguments: ["check", "--repair", "--library", "L"]
                        .map(str::to_owned)
                        .to_vec(),
                    permitted: vec![contents.clone()],
                }
            }
        }
    }
}

fn adding(sandbox: &Sandbox, contents: &Contents, papers: &[Value]) -> Run {
    sandbox.write_papers("papers.jsonl", papers);
    let commits = (0..papers.len()).step_by(COMMIT).chain([papers.len()]);
    Run {
        arguments: add_arguments("L", "papers.jsonl"),
        permitted: commits.map(|n| contents.with(&papers[..n])).collect(),
    }
}

/// Returns different papers of a library.
fn some(contents: &Contents, count: usize, numbers: &mut Numbers) -> Vec<Value> {
    let mut papers = contents.papers().to_vec();
    let mut picked = Vec::new();
    while picked.len() < count && !papers.is_empty() {
        let position = numbers.below(u32::try_from(papers.len()).unwrap());
        picked.push(papers.swap_remove(position as usize));
    }
    picked
}

fn delete_terms(sandbox: &Sandbox) {
    for entry in fs::read_dir(sandbox.path("L/vectors")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "terms")
        {
            fs::remove_file(path).unwrap();
        }
    }
}
