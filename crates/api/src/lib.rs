//! Finds related research papers by meaning.

mod add;
mod embed;
mod error;
mod evaluation;
mod filter;
mod json_lines;
mod library;
mod lock;
mod paper;
mod query;
mod records;
mod search;
mod spelling;
mod store;

pub use add::{AddOptions, AddProgress, AddReport};
pub use cognate_model::{
    Checkpoint, DEFAULT_MODEL, Device, Encoder, EncoderOptions, ModelSource, Origin, Precision,
    ResolvedModel, Role, SourceEvent, Truncation,
};
pub use embed::{Embed, Embedded, EmbedderInfo};
pub use error::{BoxError, Error, Result};
pub use evaluation::{Judgements, Metrics};
pub use filter::Filter;
pub use library::{Library, LibraryInfo};
pub use paper::Paper;
pub use query::Query;
pub use records::{PaperReader, TextReader, TextRecord};
pub use search::PaperHit;
