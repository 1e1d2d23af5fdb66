use super::files::Files;
use super::format_spec::{FormatSpec, Reader};
use super::parts::Parts;
use crate::Result;
pub(super) const FORMAT: FormatSpec = FormatSpec { name: "rst", extensions: &["rst"], reader: Reader::Text(parse) };
fn parse(_text: &str, _files: &mut Files) -> Result<Parts> { Ok(Parts::default()) }
