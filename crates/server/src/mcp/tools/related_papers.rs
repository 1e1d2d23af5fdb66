use cognate::{Query, Strategy};
use schemars::JsonSchema;
use serde::Deserialize;

use super::search_papers::{ModeArgument, ranked_page};
use crate::mcp::filter::{DateArguments, FilterArguments};
use crate::mcp::page::{PageArguments, PapersDocument};
use crate::mcp::paper_names;
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

/// How papers form one query.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum StrategyArgument {
    #[default]
    Rocchio,
    NearestExample,
    Svm,
}

impl From<StrategyArgument> for Strategy {
    fn from(strategy: StrategyArgument) -> Self {
        match strategy {
            StrategyArgument::Rocchio => Self::Rocchio,
            StrategyArgument::NearestExample => Self::NearestExample,
            StrategyArgument::Svm => Self::Svm,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// Papers to be like, each by its id, DOI, arXiv identifier or title
    like: Vec<String>,
    /// Papers to be unlike
    #[serde(default)]
    not: Vec<String>,
    /// How the papers form one query: by their mean (rocchio), by the most similar of them
    /// (nearest-example), for papers on several subjects, or by a classifier (svm), for many papers
    #[serde(default)]
    strategy: StrategyArgument,
    /// Ranking by meaning and words (hybrid), by meaning (vector) or by words (keyword)
    #[serde(default)]
    mode: ModeArgument,
    #[serde(flatten)]
    filter: FilterArguments,
    #[serde(flatten)]
    dates: DateArguments,
    #[serde(flatten)]
    page: PageArguments,
}

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "related_papers",
        title: "Related papers",
        purpose: "Find papers similar to papers of the library, and unlike others. Use it when you have \
                  good examples: several in `like` say better what you look for than one.",
        effect: Effect::Reads,
    };
    Tool::new(&description, answer)
}

fn answer(
    context: &Context<'_>,
    arguments: Arguments,
) -> Result<(String, PapersDocument), Problem> {
    if arguments.like.is_empty() {
        return Err(Problem::new(
            Kind::EmptyQuery,
            "`like` is empty, expected at least one paper",
        ));
    }
    let like = paper_names::ids(context.library, &arguments.like)?;
    let not = paper_names::ids(context.library, &arguments.not)?;
    let query = Query::papers(like)
        .score_context(true)
        .not(not)
        .strategy(arguments.strategy.into())
        .mode(arguments.mode.into())
        .filter(arguments.dates.add_to(arguments.filter.filter()?)?);
    let page = ranked_page(context, query, &arguments.page)?;
    Ok((page.text("most similar first"), page.document()))
}
